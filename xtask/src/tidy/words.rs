//! Words that people read stand in the texts, not in panels.

/// Complaints about literals in a panel or widget that look like words for people.
pub(super) fn complaints(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        // Tests come last in a file.
        if line.trim() == "#[cfg(test)]" {
            break;
        }
        let line = line.trim_start();
        // These speak to us, not to the person.
        let ours = ["#[", "reason = \"", "tracing::", "debug_assert!", "debug_struct(", "env!("];
        if line.starts_with("//") || ours.iter().any(|way| line.contains(way)) {
            continue;
        }
        let wordy = literals(line).into_iter().find(|literal| is_for_people(literal));
        found.extend(wordy.map(|literal| format!("line {number}: \"{literal}\" belongs into the texts")));
    }
    found
}

/// The string literals of a line, as written.
fn literals(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('"') {
        if before.trim_end().ends_with("//") {
            break;
        }
        let end = after.char_indices().scan(false, |escaped, (at, letter)| {
            let ends = letter == '"' && !*escaped;
            *escaped = letter == '\\' && !*escaped;
            Some((at, ends))
        });
        let Some(end) = end.into_iter().find_map(|(at, ends)| ends.then_some(at)) else { break };
        found.extend(after.get(..end));
        rest = after.get(end + 1..).unwrap_or_default();
    }
    found
}

/// A capital first, or several words. Keys, ids and salts are neither.
fn is_for_people(literal: &str) -> bool {
    let bare: String = literal.split('{').map(|part| part.split_once('}').map_or(part, |(_, after)| after)).collect();
    let words = bare.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic)).count();
    let capital = bare.chars().next().is_some_and(char::is_uppercase);
    let stored = ["Bing", "Debug"].contains(&literal);
    (words > 1 || (capital && bare.chars().filter(|letter| letter.is_alphabetic()).count() > 1)) && !stored
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_and_labels_are_for_people_and_keys_are_not() {
        assert_eq!(complaints("ui.label(\"Send it\");"), ["line 1: \"Send it\" belongs into the texts"]);
        assert_eq!(complaints("format!(\"{name} in {place}, {ago}\")").len(), 0, "punctuation");
        assert_eq!(complaints("format!(\"Sign in to {name}\")").len(), 1);
        assert_eq!(complaints("ui.push_id(\"server-cards\", add)").len(), 0);
        assert_eq!(complaints("// says \"Send it\"").len(), 0);
        assert_eq!(complaints("#[expect(lint, reason = \"Because it is\")]").len(), 0);
        assert_eq!(complaints("#[cfg(test)]\nassert_eq!(\"Send it\")").len(), 0);
        assert_eq!(literals(r#"a("x \" y", "z")"#), ["x \\\" y", "z"]);
    }
}
