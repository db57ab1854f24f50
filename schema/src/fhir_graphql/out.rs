//! The answer while it is made: names in order, each one value or a list, and its text.

/// Whether a name has one value or several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Single,
    List,
    /// One value, said by `@singleton`: a second is an error.
    Singleton,
}

/// A value.
#[derive(Debug)]
pub(super) enum Out {
    Null,
    /// JSON text of a scalar.
    Raw(String),
    Object(Object),
}

#[derive(Debug, Default)]
pub(super) struct Object(Vec<(String, Slot)>);

#[derive(Debug)]
struct Slot {
    shape: Shape,
    /// The type of its elements, when that is known.
    kind: &'static str,
    values: Vec<Out>,
    /// Whether there is no list, rather than an empty one.
    absent: bool,
}

impl Object {
    pub fn has(&self, key: &str) -> bool {
        self.0.iter().any(|(name, _)| name == key)
    }

    /// Forgets a null, in favour of a value under the same name.
    pub fn remove_null(&mut self, key: &str) {
        self.0.retain(|(name, slot)| name != key || !matches!(slot.values[..], [Out::Null]));
    }

    /// Makes a name stand in the answer, with or without values.
    ///
    /// # Errors
    /// As [`Self::put`].
    pub fn open(&mut self, key: &str, shape: Shape, absent: bool) -> Result<(), String> {
        self.slot(key, shape, "").map(|slot| slot.absent = absent)
    }

    /// # Errors
    /// When the name has another shape or another type, or has a value and may have one only.
    pub fn put(&mut self, key: &str, shape: Shape, kind: &'static str, value: Out) -> Result<(), String> {
        let slot = self.slot(key, shape, kind)?;
        if shape != Shape::List && !slot.values.is_empty() {
            return Err(format!("'{key}' has more than one value"));
        }
        slot.values.push(value);
        Ok(())
    }

    fn slot(&mut self, key: &str, shape: Shape, kind: &'static str) -> Result<&mut Slot, String> {
        let at = if let Some(at) = self.0.iter().position(|(name, _)| name == key) {
            at
        } else {
            self.0.push((key.to_owned(), Slot { shape, kind, values: Vec::new(), absent: false }));
            self.0.len() - 1
        };
        let slot = &mut self.0[at].1;
        if slot.shape != shape {
            return Err(format!("'{key}' is a list at one place and not at another"));
        }
        if slot.kind.is_empty() {
            slot.kind = kind;
        } else if !kind.is_empty() && slot.kind != kind {
            return Err(format!("'{key}' is {} at one place and {kind} at another", slot.kind));
        }
        Ok(slot)
    }

    pub fn write(&self, out: &mut String) {
        out.push('{');
        for (at, (name, slot)) in self.0.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            fhir::json::write_string(name, out);
            out.push(':');
            slot.write(out);
        }
        out.push('}');
    }
}

impl Slot {
    fn write(&self, out: &mut String) {
        match (self.shape, &self.values[..]) {
            (Shape::List, []) if self.absent => out.push_str("null"),
            (Shape::List, values) => {
                out.push('[');
                for (at, value) in values.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    value.write(out);
                }
                out.push(']');
            }
            (_, [value]) => value.write(out),
            (_, _) => out.push_str("null"),
        }
    }
}

impl Out {
    fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Raw(text) => out.push_str(text),
            Self::Object(object) => object.write(out),
        }
    }
}
