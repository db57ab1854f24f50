//! How words sound, for R4's parameter `phonetic`. Part of the stored format.
//!
//! Source: The Soundex Indexing System, National Archives and Records Administration (American Soundex, with its rule for `h` and `w`).

use super::fold::fold;
use super::registry::{Kind, SearchParameter};

/// Whether the parameter compares by sound: R4's `phonetic` of Patient, Organization, InsurancePlan and the like.
pub fn is_by(param: &SearchParameter) -> bool {
    param.kind == Kind::String && param.code == "phonetic" && !param.is_added()
}

/// The sound of a text: that of each of its words, with a space between. A word that is not written in the letters from a to z is its own
/// sound, without accents and case.
pub fn sound(text: &str) -> String {
    let words: Vec<String> = words(&fold(text)).map(of_word).collect();
    words.join(" ")
}

/// All sounds that a stored text is found by: that of the text, and those of its words.
pub fn sounds(text: &str) -> impl Iterator<Item = String> {
    let all = sound(text);
    let words: Vec<String> = all.split(' ').filter(|word| *word != all).map(ToOwned::to_owned).collect();
    std::iter::once(all).chain(words).filter(|sound| !sound.is_empty())
}

fn words(folded: &str) -> impl Iterator<Item = &str> {
    // An apostrophe is part of its word: O'Neil sounds like Oneil.
    folded
        .split(|c: char| !c.is_alphanumeric() && c != '\'' && c != '’')
        .filter(|w| w.chars().any(char::is_alphanumeric))
}

fn of_word(word: &str) -> String {
    let letters: Vec<u8> = word.bytes().filter(u8::is_ascii_alphabetic).collect();
    let others = word.chars().any(|c| c != '\'' && c != '’' && !c.is_ascii_alphabetic());
    let Some(first) = letters.first().filter(|_| !others) else { return word.to_owned() };
    let mut key = String::from(first.to_ascii_uppercase() as char);
    let mut last = digit(*first);
    for letter in &letters[1..] {
        let next = digit(*letter);
        if let Some(next) = next.filter(|_| next != last) {
            key.push(next);
            if key.len() == 4 {
                break;
            }
        }
        // What has the same digit on both sides of an h or w is one sound; on both sides of a vowel it is two.
        if !matches!(letter, b'h' | b'w') {
            last = next;
        }
    }
    while key.len() < 4 {
        key.push('0');
    }
    key
}

fn digit(letter: u8) -> Option<char> {
    Some(match letter {
        b'b' | b'f' | b'p' | b'v' => '1',
        b'c' | b'g' | b'j' | b'k' | b'q' | b's' | b'x' | b'z' => '2',
        b'd' | b't' => '3',
        b'l' => '4',
        b'm' | b'n' => '5',
        b'r' => '6',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_archives_examples() {
        let table = [
            ("Washington", "W252"),
            ("Lee", "L000"),
            ("Gutierrez", "G362"),
            ("Pfister", "P236"),
            ("Jackson", "J250"),
            ("Tymczak", "T522"),
            ("VanDeusen", "V532"),
            ("Ashcraft", "A261"),
        ];
        for (name, key) in table {
            assert_eq!(sound(name), key, "{name}");
        }
    }

    #[test]
    fn what_sounds_alike_is_alike_and_what_is_not_latin_is_itself() {
        for (one, other) in [("Smith", "Smyth"), ("Müller", "Mueller"), ("O'Neil", "Oneil"), ("Meyer", "Maier")] {
            assert_eq!(sound(one), sound(other), "{one} {other}");
        }
        assert_eq!(sound("Ελένης"), "ελενησ");
        assert_eq!(sound("Mary  Ann"), "M600 A500");
        assert_eq!(sounds("Mary Ann").collect::<Vec<_>>(), ["M600 A500", "M600", "A500"]);
        assert_eq!(sounds("Lee").collect::<Vec<_>>(), ["L000"]);
        assert_eq!(sounds(" - ").count(), 0);
    }
}
