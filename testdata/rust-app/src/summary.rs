use std::collections::BTreeMap;

use regex::Regex;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// A log in the making of its report.
pub struct Summary<'a> {
    pattern: &'a Regex,
    label: Option<String>,
    digest: Sha256,
    lines: u64,
    counts: BTreeMap<String, u64>,
}

#[derive(Serialize)]
pub struct Report {
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    lines: u64,
    pub matches: u64,
    sha256: String,
    top: Vec<Count>,
}

#[derive(Serialize)]
struct Count {
    key: String,
    count: u64,
}

impl<'a> Summary<'a> {
    pub fn new(pattern: &'a Regex, label: Option<String>) -> Self {
        Summary { pattern, label, digest: Sha256::new(), lines: 0, counts: BTreeMap::new() }
    }

    pub fn add(&mut self, line: &str) {
        self.lines += 1;
        if let Some(found) = self.pattern.captures(line) {
            self.digest.update(line);
            self.digest.update("\n");
            let key = found.name("key").or_else(|| found.get(0)).map_or("", |m| m.as_str());
            *self.counts.entry(key.to_owned()).or_default() += 1;
        }
    }

    /// The report, with the most frequent keys first.
    pub fn finish(self, top: usize) -> Report {
        let mut counts: Vec<Count> = self.counts.into_iter().map(|(key, count)| Count { key, count }).collect();
        let matches = counts.iter().map(|c| c.count).sum();
        counts.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.key.cmp(&b.key)));
        counts.truncate(top);
        let sha256 = self.digest.finalize().iter().map(|b| format!("{b:02x}")).collect();
        Report { label: self.label, lines: self.lines, matches, sha256, top: counts }
    }
}
