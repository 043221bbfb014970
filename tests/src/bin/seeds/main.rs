//! Cuts the fuzzers' first inputs from the recordings and writes them, with hostile ones made by hand, into `fuzz/corpus`;
//! and the words of the wire into `fuzz/words.dict`. The same recordings give the same files.
//!
//! Files that it did not write, such as inputs that once were findings, are left alone.

mod answers;
mod hostile;
mod recorded;

use std::path::Path;

use anyhow::Context as _;
use belfry_tests::process::workspace;

/// A file of the corpus: its name and what is in it.
type Seed = (String, Vec<u8>);

fn main() -> anyhow::Result<()> {
    let recordings = recorded::read_all(&workspace().join("../shared/recordings"))?;
    let fuzz = workspace().join("fuzz");
    let mut frames = recorded::frames(&recordings);
    frames.extend(recorded::answers(&recordings));
    frames.extend(hostile::frames());
    write(&fuzz.join("corpus/decoder"), &frames)?;
    let mut histories = recorded::histories(&recordings);
    histories.extend(hostile::histories());
    write(&fuzz.join("corpus/step"), &histories)?;
    let mut texts = recorded::texts(&recordings);
    texts.extend(hostile::texts());
    write(&fuzz.join("corpus/text"), &texts)?;
    let mut answers = recorded::lies(&recordings);
    answers.extend(answers::hostile());
    write(&fuzz.join("corpus/http"), &answers)?;
    let words = recorded::words(&recordings);
    std::fs::write(fuzz.join("words.dict"), words).context("cannot write the words")
}

fn write(folder: &Path, seeds: &[Seed]) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for (name, bytes) in seeds {
        let path = folder.join(name);
        std::fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
