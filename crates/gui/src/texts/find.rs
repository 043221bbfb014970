//! Words of the search over all settings, and of the list of shortcuts.

/// Title, and name of the field.
pub const TITLE: &str = "Find a setting";
/// In the empty field.
pub const HINT: &str = "Sound, keyword, proxy, theme…";
/// Where nothing fits.
pub const NOTHING: &str = "No setting has these words";
/// Button in the navigation.
pub const BUTTON: &str = "Find a setting (Ctrl+F)";

/// Title of the list of shortcuts.
pub const SHORTCUTS: &str = "Keyboard shortcuts";
/// Button.
pub const CLOSE: &str = "Close";
/// The shortcuts: keys, and what they do.
pub const KEYS: [(&str, &str); 11] = [
    ("Ctrl+F", "Find a setting on any page"),
    ("Ctrl+1 … Ctrl+8", "Open a page"),
    ("Tab, Shift+Tab", "Next and previous control"),
    ("Space or Enter", "Press, tick or open what has the focus"),
    ("Arrow keys", "Choose within a group, a slider or a list"),
    ("Ctrl+A, Shift+arrows", "Choose several channels"),
    ("Ctrl+Z", "Undo the last change of a setting"),
    ("Ctrl+plus, Ctrl+minus, Ctrl+0", "Larger, smaller, normal size"),
    ("F5", "Check the connection to every server again"),
    ("Escape", "Close what is open"),
    ("?", "This list"),
];
