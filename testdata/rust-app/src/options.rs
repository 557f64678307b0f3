use std::path::PathBuf;

use clap::{value_parser, Arg, ArgAction, Command};
use regex::Regex;

/// What the command line says.
pub struct Options {
    pub pattern: Regex,
    pub file: Option<PathBuf>,
    pub top: usize,
    pub label: Option<String>,
    pub pretty: bool,
}

impl Options {
    /// Reads the command line; a wrong one ends the program with a usage message.
    pub fn parse() -> Options {
        let mut matches = Command::new("logsum")
            .version(env!("CARGO_PKG_VERSION"))
            .about(env!("CARGO_PKG_DESCRIPTION"))
            .arg(
                Arg::new("pattern")
                    .required(true)
                    .value_parser(|s: &str| Regex::new(s))
                    .help("What to count; its group \"key\" is what the counts are for"),
            )
            .arg(Arg::new("file").value_parser(value_parser!(PathBuf)).help("The log; standard input without it"))
            .arg(
                Arg::new("top")
                    .long("top")
                    .default_value("3")
                    .value_parser(value_parser!(usize))
                    .help("How many keys to list"),
            )
            .arg(Arg::new("label").long("label").help("A label for the report"))
            .arg(Arg::new("pretty").long("pretty").action(ArgAction::SetTrue).help("Indent the report"))
            .get_matches();
        Options {
            pattern: matches.remove_one("pattern").expect("required"),
            file: matches.remove_one("file"),
            top: matches.remove_one("top").expect("has a default"),
            label: matches.remove_one("label"),
            pretty: matches.get_flag("pretty"),
        }
    }
}
