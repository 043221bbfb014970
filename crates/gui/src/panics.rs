//! What is said when the program has a fault: where, never with what.

use std::panic::{self, PanicHookInfo};

/// From now on a panic is reported by its place alone. Its own message may quote what the program worked on: a text that
/// was cut in the middle of a letter is repeated in it, whole.
pub(crate) fn keep_contents_out() {
    panic::set_hook(Box::new(report));
}

fn report(panic: &PanicHookInfo<'_>) {
    let thread = std::thread::current();
    let name = thread.name().unwrap_or("unnamed");
    let (file, line) = panic.location().map_or(("an unknown place", 0), |place| (place.file(), place.line()));
    // Reaches the log, and standard error where that is what is logged to.
    tracing::error!(thread = name, file, line, "Belfry has a fault; what it worked on is not repeated here");
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex, PoisonError};

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).write(text)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_panic_says_where_and_not_with_what() {
        let log = Log::default();
        let writer = {
            let log = log.clone();
            move || log.clone()
        };
        let subscriber = tracing_subscriber::fmt().with_writer(writer).with_ansi(false).finish();
        let before = panic::take_hook();
        keep_contents_out();
        tracing::subscriber::with_default(subscriber, || {
            let secret = "hunter2é".to_owned();
            let end = secret.len() - 1;
            // The message of this one quotes the whole text.
            panic::catch_unwind(move || secret[..end].len()).unwrap_err();
        });
        panic::set_hook(before);
        let said = String::from_utf8(log.0.lock().unwrap_or_else(PoisonError::into_inner).clone()).unwrap();
        assert!(said.contains("panics.rs") && !said.contains("hunter2"), "{said}");
    }
}
