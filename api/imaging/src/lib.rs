//! DICOM bytes to attributes. Pure: it reads from what it is given and knows no files, network or database.

use std::io::Read;

use dicom_core::header::Header as _;
use dicom_core::{DataElement, PrimitiveValue};
use dicom_dictionary_std::tags;
use dicom_object::{DefaultDicomObject, InMemDicomObject, OpenFileOptions, ReadError};

/// Where a Part 10 file keeps its magic word (PS3.10 section 7.1).
const PREAMBLE: usize = 128;

/// Why bytes are no readable DICOM file.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    #[error("not a DICOM file: byte 128 does not start with DICM")]
    NotDicom,
    #[error("the transfer syntax {0} is not known")]
    TransferSyntax(String),
    #[error("the file is damaged or ends too early: {0}")]
    Damaged(String),
}

/// The attributes of a DICOM Part 10 file before its pixels, file meta group included, as the DICOM JSON Model.
///
/// Nothing after the start of Pixel Data is read. Source: PS3.10 section 7, PS3.18 annex F.
///
/// # Errors
/// [`InspectError`]; the bytes are never trusted.
pub fn inspect(bytes: &[u8]) -> Result<String, InspectError> {
    let object = read(bytes)?;
    let mut all = InMemDicomObject::new_empty();
    for element in object.meta().to_element_iter() {
        // The group has no sequences.
        let value = element.value().primitive().cloned().unwrap_or(PrimitiveValue::Empty);
        all.put(DataElement::new(element.tag(), element.vr(), value));
    }
    for element in object.into_inner() {
        all.put(element);
    }
    dicom_json::to_string(&all).map_err(|e| InspectError::Damaged(e.to_string()))
}

fn read(bytes: impl Read + AsRef<[u8]>) -> Result<DefaultDicomObject, InspectError> {
    if bytes.as_ref().get(PREAMBLE..PREAMBLE + 4) != Some(b"DICM") {
        return Err(InspectError::NotDicom);
    }
    OpenFileOptions::new().read_until(tags::PIXEL_DATA).from_reader(bytes).map_err(|error| match error {
        ReadError::ReadUnrecognizedTransferSyntax { uid, .. } => InspectError::TransferSyntax(uid),
        other => InspectError::Damaged(other.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use dicom_core::VR;
    use dicom_object::FileMetaTableBuilder;

    fn file() -> Vec<u8> {
        let mut object = InMemDicomObject::new_empty();
        let mut put = |tag, vr, value: PrimitiveValue| {
            object.put(DataElement::new(tag, vr, value));
        };
        put(tags::SOP_CLASS_UID, VR::UI, "1.2.840.10008.5.1.4.1.1.7".into());
        put(tags::SOP_INSTANCE_UID, VR::UI, "1.2.3.4".into());
        put(tags::PATIENT_NAME, VR::PN, "Lind^Ada".into());
        put(tags::ROWS, VR::US, 2_u16.into());
        put(tags::PIXEL_DATA, VR::OB, PrimitiveValue::from(vec![1_u8, 2, 3, 4]));
        let meta = FileMetaTableBuilder::new().transfer_syntax("1.2.840.10008.1.2.1");
        let mut bytes = Vec::new();
        object.with_meta(meta).unwrap().write_all(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn attributes_are_read_up_to_the_pixels() {
        let json: serde_json::Value = serde_json::from_str(&inspect(&file()).unwrap()).unwrap();
        assert_eq!(json["00100010"], serde_json::json!({"vr": "PN", "Value": [{"Alphabetic": "Lind^Ada"}]}));
        assert_eq!(json["00280010"], serde_json::json!({"vr": "US", "Value": [2]}));
        assert_eq!(json["00020010"]["Value"][0], "1.2.840.10008.1.2.1");
        assert!(json.get("7FE00010").is_none());
    }

    #[test]
    fn what_is_no_dicom_is_refused() {
        assert!(matches!(inspect(b""), Err(InspectError::NotDicom)));
        assert!(matches!(inspect(&[0; 200]), Err(InspectError::NotDicom)));
        let mut unknown = file();
        let at = unknown.windows(19).position(|w| w == b"1.2.840.10008.1.2.1").unwrap();
        unknown[at..at + 19].copy_from_slice(b"1.2.840.99999.1.2.1");
        assert!(matches!(inspect(&unknown), Err(InspectError::TransferSyntax(_) | InspectError::Damaged(_))));
        assert!(matches!(inspect(&file()[..150]), Err(InspectError::Damaged(_))));
    }

    #[test]
    fn damaged_bytes_never_panic() {
        let good = file();
        // A few bytes only: each error of the library captures a backtrace, a third of a second without optimisation.
        for at in (PREAMBLE..good.len()).step_by(23) {
            let mut bytes = good.clone();
            bytes[at] ^= 0xff;
            let _ = inspect(&bytes);
            let _ = inspect(&good[..at]);
        }
    }
}
