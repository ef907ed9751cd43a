// Flags for the linker, shared by the build scripts of the two programs. Release builds only.
//
// - Identical code folding: LanceDB's generic code is there many times over, and each copy is linked
//   once only. Nothing here compares the addresses of functions.
// - Packed relative relocations: the loader has 400,000 addresses to adjust; packed, they are a hundredth
//   of the size and done sooner. Needs glibc 2.36, as Debian 12 has it.
//
// Both are known to LLD, which Rust links with on this target; other targets are linked as they come.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=../../link.rs");
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|v| v == value);
    if is("PROFILE", "release") && is("TARGET", "x86_64-unknown-linux-gnu") {
        println!("cargo:rustc-link-arg-bins=-Wl,--icf=all");
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}
