//! Program rust-hello counts lines, words and bytes of files, or of its standard input: small, and yet it touches
//! arguments, environment, files, streams and the exit code. A file named "panic" makes it panic.

use std::env;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::process;

fn main() {
    let greeting = env::var("GREETING").unwrap_or_else(|_| "hello".to_string());
    println!("{} from Rust", greeting);
    process::exit(run(env::args().skip(1).collect()));
}

/// Counts each file and returns the exit code: 1 when one of them cannot be read.
fn run(files: Vec<String>) -> i32 {
    if files.is_empty() {
        return report("-", io::stdin());
    }
    let mut code = 0;
    for name in files {
        assert!(name != "panic", "asked to panic");
        match File::open(&name) {
            Ok(file) => code = code.max(report(&name, file)),
            Err(err) => {
                eprintln!("rust-hello: {}: {}", name, err);
                code = 1;
            }
        }
    }
    code
}

fn report(name: &str, input: impl Read) -> i32 {
    match count(input) {
        Ok(c) => {
            println!("{} lines, {} words, {} bytes: {}", c.lines, c.words, c.bytes, name);
            0
        }
        Err(err) => {
            eprintln!("rust-hello: {}: {}", name, err);
            1
        }
    }
}

/// What wc counts.
#[derive(Default)]
struct Counts {
    lines: u64,
    words: u64,
    bytes: u64,
}

fn count(input: impl Read) -> io::Result<Counts> {
    let mut c = Counts::default();
    let mut in_word = false;
    for byte in BufReader::new(input).bytes() {
        let byte = byte?;
        c.bytes += 1;
        c.lines += u64::from(byte == b'\n');
        let space = byte == b' ' || (b'\t'..=b'\r').contains(&byte);
        c.words += u64::from(!space && !in_word);
        in_word = !space;
    }
    Ok(c)
}
