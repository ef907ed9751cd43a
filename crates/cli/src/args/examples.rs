//! An example for every command, shown below its help and in its manual page.

use clap::Command;

/// A command, as it is typed after `agentctl`, and examples of it.
const EXAMPLES: &[(&str, &[&str])] = &[
    (
        "init",
        &[
            "agentctl init --name \"Padaria São João\"",
            "agentctl init --name \"Padaria\" --email dona@example.com",
        ],
    ),
    (
        "ingest",
        &[
            "agentctl ingest documentos/",
            "agentctl ingest documentos/ --prune",
            "agentctl ingest - --name aviso.md < aviso.md",
        ],
    ),
    ("search", &["agentctl search \"taxa de entrega\" --top-k 3", "agentctl search --batch perguntas.jsonl"]),
    ("query", &["agentctl query \"Abre no domingo?\"", "agentctl -o json query \"Abre no domingo?\""]),
    ("extract", &["agentctl extract tabela.pdf"]),
    ("documents list", &["agentctl documents list", "agentctl documents list -o wide"]),
    ("documents show", &["agentctl documents show tabela.pdf"]),
    ("documents chunks", &["agentctl documents chunks tabela.pdf"]),
    ("documents delete", &["agentctl documents delete tabela-antiga.pdf"]),
    ("documents reprocess", &["agentctl documents reprocess tabela.pdf"]),
    ("agents list", &["agentctl agents list"]),
    ("agents show", &["agentctl agents show Atendente"]),
    ("agents create", &["agentctl agents create Vendas --locale pt"]),
    (
        "agents update",
        &["agentctl agents update Atendente --menu menu.json", "agentctl agents update Vendas --default"],
    ),
    ("agents delete", &["agentctl agents delete Vendas"]),
    ("chat", &["agentctl chat", "agentctl chat --agent Vendas"]),
    ("conversations list", &["agentctl conversations list --state human"]),
    ("conversations show", &["agentctl conversations show 5511999990001"]),
    ("conversations send", &["agentctl conversations send 5511999990001 \"Seu pedido está pronto.\""]),
    ("conversations take", &["agentctl conversations take 5511999990001"]),
    ("conversations release", &["agentctl conversations release 5511999990001"]),
    ("conversations read", &["agentctl conversations read 5511999990001"]),
    ("conversations block", &["agentctl conversations block 5511999990001"]),
    ("conversations archive", &["agentctl conversations archive 5511999990001"]),
    ("conversations reopen", &["agentctl conversations reopen 5511999990001"]),
    ("conversations note", &["agentctl conversations note 5511999990001 \"prefere ser atendida à tarde\""]),
    ("conversations search", &["agentctl conversations search entrega sábado"]),
    ("conversations export", &["agentctl conversations export 5511999990001 > conversa.json"]),
    ("contacts list", &["agentctl contacts list --search maria"]),
    ("contacts show", &["agentctl contacts show 5511999990001"]),
    ("contacts export", &["agentctl contacts export 5511999990001 > contato.json"]),
    ("contacts erase", &["agentctl contacts erase 5511999990001 --yes"]),
    ("channels", &["agentctl channels"]),
    ("channels test", &["agentctl channels test", "agentctl channels test loja"]),
    ("templates sync", &["agentctl templates sync"]),
    ("templates list", &["agentctl templates list"]),
    ("templates create", &["agentctl templates create owner-alert"]),
    ("templates send", &["agentctl templates send 5511999990001 lembrete Ana terça 9h"]),
    ("webhook sign", &["agentctl webhook sign corpo.json --secret-file app-secret"]),
    ("webhook simulate", &["agentctl webhook simulate --from 5511999990001 \"Abre no domingo?\""]),
    ("webhook replay", &["agentctl webhook replay --since 2h"]),
    ("simulate graph", &["agentctl simulate graph --bind 127.0.0.1:9100"]),
    ("simulate run", &["agentctl simulate run everyday"]),
    (
        "simulate scenarios",
        &["agentctl simulate scenarios", "agentctl simulate scenarios everyday > meu.toml"],
    ),
    ("jobs list", &["agentctl jobs list --status dead"]),
    ("jobs show", &["agentctl jobs show 01a204d2-25"]),
    ("jobs retry", &["agentctl jobs retry 01a204d2-25"]),
    ("jobs discard", &["agentctl jobs discard 01a204d2-25"]),
    ("jobs run", &["agentctl jobs run", "agentctl jobs run --queue whatsapp.send"]),
    ("billing sync", &["agentctl billing sync"]),
    ("billing events list", &["agentctl billing events list --outcome unreadable"]),
    ("billing events show", &["agentctl billing events show evt_1Q"]),
    ("billing events replay", &["agentctl billing events replay evt_1Q"]),
    ("reindex", &["agentctl reindex", "agentctl reindex --document tabela.pdf"]),
    ("models list", &["agentctl models list --installed"]),
    ("models pull", &["agentctl models pull multilingual-e5-small"]),
    ("models import", &["agentctl models import pasta-do-modelo/"]),
    ("models test-chat", &["agentctl models test-chat"]),
    ("models verify", &["agentctl models verify"]),
    ("config show", &["agentctl config show"]),
    ("config check", &["agentctl config check --config nova.toml"]),
    ("config path", &["agentctl config path"]),
    ("users list", &["agentctl users list"]),
    ("users invite", &["agentctl users invite --email joao@example.com --role admin"]),
    ("users reset-password", &["agentctl users reset-password dona@example.com"]),
    ("questions list", &["agentctl questions list --refused --since 7d"]),
    ("questions show", &["agentctl questions show 01a204d2-25"]),
    ("audit", &["agentctl audit --limit 50"]),
    ("usage", &["agentctl usage --months 3"]),
    ("status", &["agentctl status", "agentctl -o json status"]),
    ("completions", &["agentctl completions bash > /etc/bash_completion.d/agentctl"]),
    ("man", &["agentctl man documents list | man -l -", "agentctl man --dir /usr/local/share/man/man1"]),
];

/// The command with an example below the help of each of its commands.
pub fn add(command: Command) -> Command {
    EXAMPLES.iter().fold(command, |command, (path, lines)| {
        let words: Vec<&str> = path.split(' ').collect();
        under(command, &words, lines)
    })
}

fn under(command: Command, path: &[&str], lines: &[&str]) -> Command {
    let Some((first, rest)) = path.split_first() else {
        let mut text: String = "Examples:".to_owned();
        for line in lines {
            text.push_str(&format!("\n  {line}"));
        }
        if let Some(there) = command.get_after_help() {
            text = format!("{there}\n\n{text}");
        }
        return command.after_help(text);
    };
    // `mut_subcommand` panics at a name that is not there; the test below keeps the table in step.
    if command.find_subcommand(first).is_none() {
        return command;
    }
    command.mut_subcommand(*first, |sub| under(sub, rest, lines))
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, FromArgMatches};

    use super::*;
    use crate::args::Cli;

    /// Every command that can be run, as it is typed.
    fn leaves(command: &Command, path: &str, into: &mut Vec<String>) {
        let subs: Vec<&Command> = command.get_subcommands().filter(|sub| sub.get_name() != "help").collect();
        if subs.is_empty() || !command.is_subcommand_required_set() {
            into.push(path.to_owned());
        }
        for sub in subs {
            leaves(sub, format!("{path} {}", sub.get_name()).trim(), into);
        }
    }

    #[test]
    fn every_command_has_an_example_and_every_example_is_understood() {
        let mut commands = Vec::new();
        leaves(&Cli::command(), "", &mut commands);
        let without: Vec<_> =
            commands.iter().filter(|path| !EXAMPLES.iter().any(|(known, _)| known == path)).collect();
        assert!(without.is_empty(), "no example: {without:?}");
        for (path, lines) in EXAMPLES {
            assert!(commands.iter().any(|known| known == path), "there is no command {path}");
            for line in *lines {
                assert!(line.starts_with("agentctl "), "{line}");
                let line = line.split(['|', '>', '<']).next().unwrap();
                let words = shell_words(line);
                let parsed = Cli::command().try_get_matches_from(&words);
                let parsed = parsed.and_then(|matches| Cli::from_arg_matches(&matches));
                assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
            }
        }
    }

    /// Words at blanks, but for those within double quotes.
    fn shell_words(line: &str) -> Vec<String> {
        let pieces = line.trim().split('"').enumerate();
        pieces
            .flat_map(|(n, piece)| match n % 2 {
                0 => piece.split_whitespace().map(str::to_owned).collect(),
                _ => vec![piece.to_owned()],
            })
            .collect()
    }
}
