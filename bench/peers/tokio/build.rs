// The versions that --version tells: those of crates from the lock file, the compiler's from itself.
use std::process::Command;

fn crate_version(name: &str) -> Option<String> {
    let lock = std::fs::read_to_string("Cargo.lock").ok()?;
    let name_line = format!("name = \"{name}\"\n");
    let entry = lock.split("[[package]]").find(|each| each.contains(&name_line))?;
    let line = entry.lines().find(|each| each.starts_with("version"))?;
    Some(line.split('"').nth(1)?.to_string())
}

fn rustc_version() -> Option<String> {
    let said = Command::new(std::env::var("RUSTC").ok()?).arg("--version").output().ok()?;
    Some(String::from_utf8(said.stdout).ok()?.split(' ').nth(1)?.to_string())
}

fn main() {
    println!("cargo:rustc-env=TOKIO_VERSION={}", crate_version("tokio").unwrap_or_default());
    println!("cargo:rustc-env=HYPER_VERSION={}", crate_version("hyper").unwrap_or_default());
    println!("cargo:rustc-env=RUSTC_VERSION={}", rustc_version().unwrap_or_default());
}
