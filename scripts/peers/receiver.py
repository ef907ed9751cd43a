"""Takes webhooks and writes them down: one JSON line each, with the body as it came and its signature.

    receiver.py PORT FILE
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock

port, path = int(sys.argv[1]), sys.argv[2]
lock = Lock()


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        line = json.dumps({"body": body, "signature": self.headers["X-Hub-Signature-256"]})
        with lock, open(path, "a") as file:
            file.write(line + "\n")
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", port), Receiver).serve_forever()
