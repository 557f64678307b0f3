//! Counts what a pattern matches in a log, and prints a summary as JSON.

mod options;
mod summary;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::process::ExitCode;

use options::Options;
use summary::Summary;

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(found) if found => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(1),
        Err(e) => {
            eprintln!("logsum: {e}");
            ExitCode::from(2)
        }
    }
}

/// Sums up the input; false when nothing matched.
fn run(options: &Options) -> Result<bool, Box<dyn std::error::Error>> {
    let input: Box<dyn BufRead> = match &options.file {
        Some(name) => Box::new(BufReader::new(File::open(name)?)),
        None => Box::new(BufReader::new(io::stdin())),
    };
    let mut summary = Summary::new(&options.pattern, options.label.clone());
    for line in input.lines() {
        summary.add(&line?);
    }
    let report = summary.finish(options.top);
    let mut out = io::stdout().lock();
    if options.pretty {
        serde_json::to_writer_pretty(&mut out, &report)?;
    } else {
        serde_json::to_writer(&mut out, &report)?;
    }
    writeln!(out)?;
    Ok(report.matches > 0)
}
