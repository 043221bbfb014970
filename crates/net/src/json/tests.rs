//! The reader against `serde_json`: what it accepts, refuses and yields is the same.

use std::fmt::Write as _;

use proptest::prelude::*;
use serde::Deserialize as _;
use serde_json::Value;

use super::{Broken, Inner, Reader};

/// The whole text as `serde_json`'s own value.
fn ours(text: &str) -> Result<Value, Broken> {
    let mut reader = Reader::new(text);
    let value = Value::deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

fn skip<const QUOTED: bool>(reader: &mut Reader<'_, QUOTED>) -> Result<(), Broken> {
    reader.skip()
}

fn passed_over(text: &str) -> Result<(), Broken> {
    let mut reader = Reader::new(text);
    reader.skip()?;
    reader.end()
}

/// A text that is no JSON is refused, and one that is says the same, outside and inside a string.
#[track_caller]
fn same(text: &str) {
    let theirs = serde_json::from_str::<Value>(text).ok();
    assert_eq!(ours(text).ok(), theirs, "{text}");
    assert_eq!(passed_over(text).is_ok(), theirs.is_some(), "{text}");
    for quoted in [Value::from(text).to_string(), with_every_escape(text)] {
        let inner = Reader::new(&quoted).inner(|reader| Value::deserialize(reader)).unwrap();
        assert!(matches!(inner, Inner::Read(_) | Inner::Copy(_)), "{quoted}");
        let read = inner.or_read(|reader| Value::deserialize(reader));
        assert_eq!(read.ok().flatten(), theirs, "{quoted}");
        let inner = Reader::new(&quoted).inner(skip).unwrap();
        assert_eq!(inner.or_read(skip).is_ok(), theirs.is_some(), "{quoted}");
    }
}

/// A string in which no letter stands for itself.
fn with_every_escape(text: &str) -> String {
    let mut string = "\"".to_owned();
    for unit in text.encode_utf16() {
        write!(string, "\\u{unit:04X}").unwrap();
    }
    string + "\""
}

#[test]
fn json_as_people_and_programs_write_it_is_read_alike() {
    for text in [
        "null",
        " true ",
        "false",
        "0",
        "-0",
        "-0.0",
        "1.50",
        "-12e3",
        "1E+2",
        "123456789012345678",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "18446744073709551615",
        r#""""#,
        r#""a\"b\\c\/d\b\f\n\r\té\u00e9\ud83d\ude00\u20ac""#,
        r#"{"a":[1,{"b":null},[]],"":{},"\n":"x"}"#,
        "[\n\t1 ,\r 2 ]",
        r#"{"a":1,"a":2}"#,
        r#"{"post":"{\"id\":\"x\",\"message\":\"a\\nb \\\"c\\\" \\\\ \\u003c\"}"}"#,
    ] {
        same(text);
        assert!(ours(text).is_ok(), "{text}");
    }
}

#[test]
fn what_is_no_json_is_refused() {
    for text in [
        "",
        " ",
        "nul",
        "nulll",
        "truE",
        "-",
        "+1",
        "01",
        "-01",
        "1.",
        ".5",
        "1e",
        "1e+",
        "0x1",
        "\"",
        "\"a",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\n\"",
        "\"\u{1}\"",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{a:1}",
        "{\"a\" 1}",
        "{1:1}",
        "{]",
        "[}",
        "1 1",
        "{}x",
        "\u{a0}1",
        "'a'",
        "[1]]",
        "{\"a\":1}}",
    ] {
        same(text);
        assert!(ours(text).is_err(), "{text}");
    }
}

#[test]
fn a_string_of_json_that_is_cut_or_holds_too_much_is_no_json() {
    for text in
        [r#""{\"a\":1"#, r#""{\"a\":1}x""#, r#""{\"a\":\"b\\\"}""#, r#""{\"a\":\"b\\"}"#, r#""[1]\n2""#, "\"[\n1]\""]
    {
        let read = Reader::new(text).inner(|reader| Value::deserialize(reader));
        let read = read.and_then(|inner| inner.or_read(|reader| Value::deserialize(reader)));
        assert_eq!(read, Err(Broken), "{text}");
    }
}

#[test]
fn half_a_pair_costs_one_character() {
    for text in [r#""a\ud83d b""#, r#""a\ude00 b""#, r#""a\ud83d\u0041b""#] {
        let read = Reader::new(text).cow().unwrap().unwrap();
        assert!(read.starts_with("a\u{fffd}") && read.ends_with('b'), "{read}");
    }
    let quoted = r#""\"a\\ud83d\\ude00\\ud83d\\u0041\"""#;
    let inner = Reader::new(quoted).inner(|reader| Ok(reader.cow()?.map(std::borrow::Cow::into_owned))).unwrap();
    assert!(matches!(inner, Inner::Read(Some(text)) if text == "a\u{1f600}\u{fffd}A"));
}

#[test]
fn a_number_beyond_all_bounds_costs_only_itself() {
    let mut reader = Reader::new("[1e999,-1e999,123456789012345678901234567890,1e2,7.0,7.5,3]");
    let mut within = reader.array().unwrap();
    let mut read = Vec::new();
    while reader.element(&mut within).unwrap() {
        read.push(reader.int().unwrap());
    }
    assert_eq!(read, [None, None, None, Some(100), Some(7), None, Some(3)]);
}

#[test]
fn what_is_passed_over_may_be_of_any_depth() {
    for depth in [1, 63, 64, 65, 127, 128, 129, 200, 100_000] {
        let arrays = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(passed_over(&arrays), Ok(()), "{depth}");
        let mixed = format!("{}1{}", "[{\"a\":".repeat(depth), "}]".repeat(depth));
        assert_eq!(passed_over(&mixed), Ok(()), "{depth}");
        let wrong = format!("{}1{}", "[{\"a\":".repeat(depth), "]}".repeat(depth));
        assert_eq!(passed_over(&wrong), Err(Broken), "{depth}");
    }
    assert_eq!(ours(&"[".repeat(100_000)), Err(Broken), "shapes are never that deep");
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        // Those that every parser reads alike, to the last bit.
        (-1_000_000_i32..1_000_000).prop_map(|n| Value::from(f64::from(n) / 64.0)),
        any::<String>().prop_map(Value::from),
        "[\"\\\\\n\u{1}/a]{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    // The same texts in every run of the gate; more, and others, by hand: PROPTEST_CASES=100000.
    #![proptest_config(ProptestConfig { rng_seed: proptest::test_runner::RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn any_json_is_read_alike(value in any_json()) {
        let text = value.to_string();
        prop_assert_eq!(ours(&text).ok(), Some(value.clone()));
        same(&text);
        same(&serde_json::to_string_pretty(&value).unwrap());
    }

    #[test]
    fn damaged_json_is_refused_alike(value in any_json(), at in any::<prop::sample::Index>(), put in "[\\[\\]{}\",:\\\\ \n0-9eE.+tfnu-]{0,2}", take in 0..3_usize) {
        let mut letters: Vec<char> = value.to_string().chars().collect();
        let at = at.index(letters.len());
        let end = (at + take).min(letters.len());
        letters.splice(at..end, put.chars());
        let text: String = letters.into_iter().collect();
        // Numbers beyond all bounds and half pairs are the two things where more is read than `serde_json` does.
        prop_assume!(serde_json::from_str::<Value>(&text).is_ok() || serde_json::from_str::<serde::de::IgnoredAny>(&text).is_err());
        same(&text);
    }
}
