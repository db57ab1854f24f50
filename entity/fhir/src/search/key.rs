//! The 64-bit keys that index rows and queries agree on: SipHash-1-3 over length-prefixed parts, keyed per installation
//! because clients choose ids and codes. Part of the stored format: a change is a new index generation.

use std::hash::Hasher as _;

use siphasher::sip::SipHasher13;

use crate::ResourceType;

/// The key of one installation (kept in `app.instance`), and every kind of 64-bit word made with it.
#[derive(Clone, Copy)]
pub struct Keys {
    k0: u64,
    k1: u64,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys([redacted])")
    }
}

impl Keys {
    pub fn new(secret: [u8; 16]) -> Self {
        let (a, b) = secret.split_at(8);
        let word = |s: &[u8]| s.iter().rev().fold(0u64, |n, b| (n << 8) | u64::from(*b));
        Self { k0: word(a), k1: word(b) }
    }

    /// The hash of a list of parts. Parts are length-prefixed, so `("ab","c")` and `("a","bc")` differ.
    pub fn h64(&self, parts: &[&str]) -> i64 {
        let mut h = SipHasher13::new_with_keys(self.k0, self.k1);
        for p in parts {
            h.write(&(p.len() as u64).to_le_bytes());
            h.write(p.as_bytes());
        }
        h.finish() as i64
    }

    /// `rkey` of a head row, and `pat` when the type is Patient.
    pub fn resource(&self, resource_type: ResourceType, id: &str) -> i64 {
        self.h64(&["r", resource_type.name(), id])
    }

    // Terms: words of a head's `terms` array. The table is per type, so they do not name the type.

    /// A coded value with its system; a code without system has system `""`, so `|code` finds exactly those.
    pub fn term_system_code(&self, param: &str, system: &str, code: &str) -> i64 {
        self.h64(&["sc", param, system, code])
    }

    /// A coded value whatever its system.
    pub fn term_code(&self, param: &str, code: &str) -> i64 {
        self.h64(&["c", param, code])
    }

    /// Any code of a system (`system|`).
    pub fn term_system(&self, param: &str, system: &str) -> i64 {
        self.h64(&["s", param, system])
    }

    /// A reference to a resource of this server, `target` as `Type/id`, or an absolute or canonical url as it stands.
    pub fn term_reference(&self, param: &str, target: &str) -> i64 {
        self.h64(&["ref", param, target])
    }

    /// A logical reference, found by `:identifier`.
    pub fn term_reference_identifier(&self, param: &str, system: &str, value: &str) -> i64 {
        self.h64(&["rid", param, system, value])
    }

    /// `:of-type`: identifier type, system and value.
    pub fn term_of_type(&self, param: &str, type_system: &str, type_code: &str, value: &str) -> i64 {
        self.h64(&["ot", param, type_system, type_code, value])
    }

    pub fn term_uri(&self, param: &str, uri: &str) -> i64 {
        self.h64(&["u", param, uri])
    }

    /// A string as it stands, for `:exact`.
    pub fn term_exact(&self, param: &str, text: &str) -> i64 {
        self.h64(&["x", param, text])
    }

    /// The parameter has at least one value; its absence answers `:missing=true`.
    pub fn term_present(&self, param: &str) -> i64 {
        self.h64(&["p", param])
    }

    /// The resource is in the compartment of this further patient (types that can be about several).
    pub fn term_compartment(&self, patient_key: i64) -> i64 {
        self.h64(&["comp", &patient_key.to_string()])
    }

    /// A composite of hashed parts taken from one element instance; each part as `term_system_code` and the like made it.
    pub fn term_composite(&self, param: &str, parts: &[i64]) -> i64 {
        let text: Vec<String> = parts.iter().map(i64::to_string).collect();
        let mut all = vec!["cc", param];
        all.extend(text.iter().map(String::as_str));
        self.h64(&all)
    }

    // Keys of the global side tables; they name the type.

    /// `ix_ord`: a code of a CodeableConcept or Coding parameter, `system` `None` for "whatever system".
    pub fn ord(&self, resource_type: ResourceType, param: &str, system: Option<&str>, code: &str) -> i64 {
        match system {
            Some(s) => self.h64(&["osc", resource_type.name(), param, s, code]),
            None => self.h64(&["oc", resource_type.name(), param, code]),
        }
    }

    /// `ix_qty` of a number, or of a quantity without regard to its unit.
    pub fn number(&self, resource_type: ResourceType, param: &str) -> i64 {
        self.h64(&["n", resource_type.name(), param])
    }

    /// `ix_qty` of a quantity in a canonical unit: UCUM base units, or system and code of a foreign unit.
    pub fn quantity(&self, resource_type: ResourceType, param: &str, system: &str, unit: &str) -> i64 {
        self.h64(&["q", resource_type.name(), param, system, unit])
    }

    /// `ix_qty` of a composite code and quantity of the same element: `code` and `quantity` as the keys of its parts.
    pub fn composite(&self, resource_type: ResourceType, param: &str, code: i64, quantity: i64) -> i64 {
        self.h64(&["cq", resource_type.name(), param, &code.to_string(), &quantity.to_string()])
    }

    /// `ix_qty` of the lower end of a range, or of a value with a comparator, that belongs under `key`; -∞ when it is open.
    /// `lt`, `le` and `sa` ask the lower end, `gt`, `ge` and `eb` the higher one; `eq` and `ap` ask [`Keys::range`] besides.
    pub fn low_end(&self, key: i64) -> i64 {
        self.h64(&["ql", &key.to_string()])
    }

    /// The upper end, like [`Keys::low_end`]; +∞ when it is open.
    pub fn high_end(&self, key: i64) -> i64 {
        self.h64(&["qh", &key.to_string()])
    }

    /// `ix_dat` of a range, or of a value with a comparator, that belongs under `key`: both its ends in one row, each as [`ordered`]
    /// has it, for the ends of several ranges do not tell which belong together.
    pub fn range(&self, key: i64) -> i64 {
        self.h64(&["qr", &key.to_string()])
    }

    /// `ix_str`.
    pub fn string(&self, resource_type: ResourceType, param: &str) -> i64 {
        self.h64(&["str", resource_type.name(), param])
    }

    /// `ix_dat`.
    pub fn date(&self, resource_type: ResourceType, param: &str) -> i64 {
        self.h64(&["d", resource_type.name(), param])
    }
}

/// A number as an integer that sorts as it does; both zeros are one.
pub fn ordered(number: f64) -> i64 {
    let bits = (number + 0.0).to_bits().cast_signed();
    // Below zero a greater magnitude is a lesser number.
    if bits < 0 { bits ^ i64::MAX } else { bits }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_order_as_integers() {
        let numbers = [f64::NEG_INFINITY, -1e300, -2.5, -1.0, -1e-300, 0.0, 1e-300, 1.0, 2.5, 1e300, f64::INFINITY];
        assert!(numbers.map(ordered).is_sorted_by(|a, b| a < b));
        assert_eq!(ordered(-0.0), ordered(0.0));
    }

    #[test]
    fn keys_are_a_stored_format() {
        let keys = Keys::new([7; 16]);
        assert_eq!(keys.resource(ResourceType::Patient, "p1"), keys.h64(&["r", "Patient", "p1"]));
        assert_ne!(keys.h64(&["ab", "c"]), keys.h64(&["a", "bc"]));
        assert_ne!(keys.h64(&["a"]), Keys::new([8; 16]).h64(&["a"]));
    }
}
