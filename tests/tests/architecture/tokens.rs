//! Rust source as tokens, as far as [`crate::import_graph`] needs them.

pub(crate) fn is_name(token: &str) -> bool {
    token.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// Leaves out `#[cfg(test)] mod name { … }`.
pub(crate) fn without_unit_tests(tokens: &[String]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut at = 0;
    let mark = ["#", "[", "cfg", "(", "test", ")", "]", "mod"];
    while at < tokens.len() {
        let marked = tokens[at..].iter().take(mark.len()).eq(mark.iter());
        if marked
            && tokens
                .get(at + mark.len() + 1)
                .is_some_and(|token| token == "{")
        {
            let mut depth = 1;
            at += mark.len() + 2;
            while depth > 0 && at < tokens.len() {
                match tokens[at].as_str() {
                    "{" => depth += 1,
                    "}" => depth -= 1,
                    _ => {}
                }
                at += 1;
            }
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

/// Names, `::` and single punctuation marks; comments, strings, characters and lifetimes left out.
pub(crate) fn tokens(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = chars.get(at).copied() {
        let next = chars.get(at + 1).copied();
        match c {
            '/' if next == Some('/') => at = skip_to(&chars, at, &['\n']),
            '/' if next == Some('*') => at = skip_to(&chars, at + 2, &['*', '/']) + 2,
            'r' | 'b' if is_raw_string(&chars, at) => at = skip_raw_string(&chars, at),
            '"' => at = skip_string(&chars, at),
            '\'' => at = skip_quote(&chars, at),
            ':' if next == Some(':') => {
                tokens.push("::".to_owned());
                at += 2;
            }
            c if c.is_alphanumeric() || c == '_' => {
                let name: String = chars[at..]
                    .iter()
                    .take_while(|c| c.is_alphanumeric() || **c == '_')
                    .collect();
                at += name.chars().count();
                tokens.push(name);
            }
            c => {
                if !c.is_whitespace() {
                    tokens.push(c.to_string());
                }
                at += 1;
            }
        }
    }
    tokens
}

fn skip_to(chars: &[char], at: usize, end: &[char]) -> usize {
    let found = chars[at.min(chars.len())..]
        .windows(end.len())
        .position(|w| w == end);
    found.map_or(chars.len(), |found| at + found)
}

fn skip_string(chars: &[char], mut at: usize) -> usize {
    at += 1;
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

fn is_raw_string(chars: &[char], at: usize) -> bool {
    let rest: String = chars[at..].iter().take(4).collect();
    let before = at.checked_sub(1).and_then(|before| chars.get(before));
    let starts = ["r\"", "r#\"", "r##", "br\"", "br#"];
    before.is_none_or(|c| !c.is_alphanumeric() && *c != '_')
        && starts.iter().any(|start| rest.starts_with(start))
}

fn skip_raw_string(chars: &[char], at: usize) -> usize {
    let open = skip_to(chars, at, &['"']);
    let hashes = chars[at..open].iter().filter(|c| **c == '#').count();
    let end: Vec<char> = std::iter::once('"').chain(vec!['#'; hashes]).collect();
    skip_to(chars, open + 1, &end) + end.len()
}

/// Skips a character; of a lifetime only its quote.
fn skip_quote(chars: &[char], at: usize) -> usize {
    match (chars.get(at + 1), chars.get(at + 2)) {
        (Some('\\'), _) => skip_to(chars, at + 3, &['\'']) + 1,
        (Some(_), Some('\'')) => at + 3,
        _ => at + 1,
    }
}
