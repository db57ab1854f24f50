//! Files that may be put on record: which media types, and whether the bytes are what they are said to be. It reads no further than a
//! signature needs: a file that begins like a PDF may still be a broken one.

/// Most bytes of one file inside a resource.
pub const LARGEST: usize = 5 << 20;

/// A file that cannot be put on record, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("{0} is not put on record; these are: {list}", list = names())]
    Unknown(String),
    #[error("the file is empty")]
    Empty,
    #[error("the bytes are no {declared}{}", found.map(|f| format!(" but {f}")).unwrap_or_default())]
    Mismatch { declared: &'static str, found: Option<&'static str> },
}

type IsIt = fn(&[u8]) -> bool;

/// Media type, what its bytes begin with or consist of, and where that is said.
const TYPES: &[(&str, IsIt, &str)] = &[
    ("application/pdf", |b| b.starts_with(b"%PDF-"), "ISO 32000-1, 7.5.2 File header"),
    ("image/png", |b| b.starts_with(b"\x89PNG\r\n\x1a\n"), "W3C PNG, 5.2 PNG signature"),
    ("image/jpeg", |b| b.starts_with(b"\xff\xd8\xff"), "ITU-T T.81, B.1.1.3 Marker assignments (SOI)"),
    ("image/gif", |b| b.starts_with(b"GIF87a") || b.starts_with(b"GIF89a"), "GIF89a, 17 Header"),
    ("image/tiff", |b| b.starts_with(b"II*\0") || b.starts_with(b"MM\0*"), "TIFF 6.0, section 2 Image file header"),
    ("text/plain", is_text, "RFC 2046, 4.1.3 Plain subtype; RFC 3629 UTF-8"),
    ("text/xml", is_xml, "RFC 7303; XML 1.0, 2.8 Prolog"),
    ("application/xml", is_xml, "RFC 7303; XML 1.0, 2.8 Prolog"),
    ("application/hl7-v3+xml", is_xml, "RFC 7303; XML 1.0, 2.8 Prolog"),
];

/// The media types that may be put on record.
pub fn names() -> String {
    TYPES.iter().map(|(name, ..)| *name).collect::<Vec<_>>().join(", ")
}

/// The media type without its parameters, when it may be put on record and the bytes are of that type.
///
/// # Errors
/// [`Fault`] says what is wrong with which of the two.
pub fn check(declared: &str, bytes: &[u8]) -> Result<&'static str, Fault> {
    let bare = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let known = TYPES.iter().find(|(name, ..)| *name == bare);
    let (name, is_it, _) = known.ok_or_else(|| Fault::Unknown(declared.trim().to_owned()))?;
    if bytes.is_empty() {
        return Err(Fault::Empty);
    }
    if is_it(bytes) {
        return Ok(name);
    }
    let found = TYPES.iter().find(|(_, is_it, _)| is_it(bytes)).map(|(name, ..)| *name);
    Err(Fault::Mismatch { declared: name, found })
}

/// UTF-8 without control characters other than those of layout, and no file of another kind that happens to be legible.
fn is_text(bytes: &[u8]) -> bool {
    let legible = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\r' | '\u{c}');
    !bytes.starts_with(b"%PDF-") && std::str::from_utf8(bytes).is_ok_and(|text| text.chars().all(legible))
}

/// Begins with an element or a declaration. A document type is refused: it can name entities that whoever opens the file would fetch.
fn is_xml(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim_start();
    let begins =
        text.strip_prefix('<').is_some_and(|rest| rest.starts_with(|c: char| c.is_alphabetic() || "?!_".contains(c)));
    begins && text.trim_end().ends_with('>') && !text.contains("<!DOCTYPE")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_what_they_are_said_to_be() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
        for (declared, bytes, expected) in [
            ("application/pdf", &b"%PDF-1.7\n%\xe2\xe3\xcf\xd3"[..], Ok("application/pdf")),
            ("image/png", png, Ok("image/png")),
            ("IMAGE/PNG", png, Ok("image/png")),
            ("image/jpeg", b"\xff\xd8\xff\xe0\0\x10JFIF\0", Ok("image/jpeg")),
            ("image/gif", b"GIF89a\x01\0", Ok("image/gif")),
            ("image/tiff", b"II*\0\x08\0\0\0", Ok("image/tiff")),
            ("image/tiff", b"MM\0*\0\0\0\x08", Ok("image/tiff")),
            ("text/plain; charset=utf-8", "Grüße\n".as_bytes(), Ok("text/plain")),
            ("text/xml", b"<?xml version=\"1.0\"?><a/>\n", Ok("text/xml")),
            ("application/hl7-v3+xml", b"\xef\xbb\xbf<ClinicalDocument/>", Ok("application/hl7-v3+xml")),
            ("image/jpeg", png, Err(Fault::Mismatch { declared: "image/jpeg", found: Some("image/png") })),
            ("text/plain", b"a\0b", Err(Fault::Mismatch { declared: "text/plain", found: None })),
            ("text/plain", b"\xff\xfe", Err(Fault::Mismatch { declared: "text/plain", found: None })),
            (
                "text/plain",
                b"%PDF-1.4",
                Err(Fault::Mismatch { declared: "text/plain", found: Some("application/pdf") }),
            ),
            ("application/pdf", b"MZ\x90\0", Err(Fault::Mismatch { declared: "application/pdf", found: None })),
            (
                "text/xml",
                b"<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc\">]><a/>",
                Err(Fault::Mismatch { declared: "text/xml", found: Some("text/plain") }),
            ),
            ("image/png", b"", Err(Fault::Empty)),
            ("text/html", b"<html></html>", Err(Fault::Unknown("text/html".into()))),
            ("", b"x", Err(Fault::Unknown(String::new()))),
        ] {
            assert_eq!(check(declared, bytes), expected, "{declared}");
        }
    }

    #[test]
    fn every_type_names_its_source_and_no_signature_is_two() {
        assert!(TYPES.iter().all(|(_, _, source)| !source.is_empty()));
        let fault = check("application/pdf", b"GIF87a").unwrap_err();
        assert_eq!(fault.to_string(), "the bytes are no application/pdf but image/gif");
    }
}
