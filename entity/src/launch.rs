//! Scopes that a person grants to an application: `patient/Observation.rs`, `user/*.cruds`, `openid`, `launch/patient` …
//!
//! Source: SMART App Launch 2.2, "Scopes and Launch Context". What cannot be enforced is refused by its text: of granular scopes
//! `?category=system|code` is served, for Conditions and Observations. What a `patient/` scope lets write is about the patient of the launch and
//! nobody else. What a scope permits is narrowed by the roles of who granted it.

use std::fmt;

use fhir::ResourceType;
use fhir::search::registry;

use crate::actor::Category;
use crate::role::{Interaction, Role, is_immutable, permits};
use crate::scope::{BadScope, Scope, interaction};

/// Whose records a scope is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// The patient of the launch.
    Patient,
    /// All that the person may see.
    User,
    /// A program of its own.
    System,
}

impl Context {
    fn name(self) -> &'static str {
        match self {
            Self::Patient => "patient",
            Self::User => "user",
            Self::System => "system",
        }
    }
}

/// What a person may grant.
pub const PERSON: [Context; 2] = [Context::Patient, Context::User];
/// What a program has by its registration.
pub const PROGRAM: [Context; 1] = [Context::System];

/// Types that may be granted by category.
pub const GRANULAR: [ResourceType; 2] = [ResourceType::Condition, ResourceType::Observation];

/// Scopes that name no resource.
pub const WORDS: [&str; 8] = [
    "openid",
    "fhirUser",
    "profile",
    "launch",
    "launch/patient",
    "launch/encounter",
    "online_access",
    "offline_access",
];

/// One scope as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Permission {
    /// One of [`WORDS`].
    Word(&'static str),
    Resource {
        context: Context,
        /// `None` for every type.
        resource_type: Option<ResourceType>,
        /// Some of `cruds`, in that order.
        letters: String,
        /// System and code of a category; `None` for all.
        category: Option<(String, String)>,
        /// Whether it was asked in the words of version 1 (`.read`), and is answered so.
        version_1: bool,
    },
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => f.write_str(word),
            Self::Resource { context, resource_type, letters, category, version_1 } => {
                let suffix = match (version_1, letters.as_str()) {
                    (true, "rs") => "read",
                    (true, "cud") => "write",
                    (true, "cruds") => "*",
                    (_, letters) => letters,
                };
                write!(f, "{}/{}.{suffix}", context.name(), resource_type.map_or("*", ResourceType::name))?;
                match category {
                    Some((system, code)) => write!(f, "?category={system}|{code}"),
                    None => Ok(()),
                }
            }
        }
    }
}

/// Reads the scopes of a request or of a registration; each one once.
///
/// # Errors
/// The first that is unknown or cannot be enforced.
pub fn parse(text: &str) -> Result<Vec<Permission>, BadScope> {
    let mut all = Vec::new();
    for part in text.split_whitespace() {
        let permission = one(part).ok_or_else(|| BadScope(part.to_owned()))?;
        if !all.contains(&permission) {
            all.push(permission);
        }
    }
    Ok(all)
}

fn one(part: &str) -> Option<Permission> {
    if let Some(word) = WORDS.into_iter().find(|w| *w == part) {
        return Some(Permission::Word(word));
    }
    let (context, rest) = part.split_once('/')?;
    let context = [Context::Patient, Context::User, Context::System].into_iter().find(|c| c.name() == context)?;
    let (name, suffix) = rest.split_once('.')?;
    let (suffix, category) = match suffix.split_once('?') {
        Some((suffix, narrowed)) => (suffix, Some(of_category(narrowed)?)),
        None => (suffix, None),
    };
    let resource_type = match name {
        "*" => None,
        name => Some(ResourceType::named(name)?),
    };
    let (letters, version_1) = match suffix {
        "read" => ("rs", true),
        "write" => ("cud", true),
        "*" => ("cruds", true),
        letters => (letters, false),
    };
    let mut order = "cruds";
    for letter in letters.chars() {
        order = order.split_once(letter)?.1;
    }
    // Of programs nothing but the type is asked.
    let served = resource_type.is_some_and(|ty| GRANULAR.contains(&ty)) && context != Context::System;
    if category.is_some() && !served {
        return None;
    }
    let letters = letters.to_owned();
    (!letters.is_empty()).then_some(Permission::Resource { context, resource_type, letters, category, version_1 })
}

/// `category=system|code`.
fn of_category(narrowed: &str) -> Option<(String, String)> {
    let (system, code) = narrowed.strip_prefix("category=")?.split_once('|')?;
    let plain = |text: &str| !text.is_empty() && !text.contains(['&', '|', '%', '?', ',', '$', '\\', '"']);
    (plain(system) && plain(code)).then(|| (system.to_owned(), code.to_owned()))
}

/// What of `asked` the application is registered for and may be granted by a person (`by` is [`PERSON`]) or by itself ([`PROGRAM`]).
pub fn grantable(asked: &[Permission], registered: &[Permission], by: &[Context]) -> Vec<Permission> {
    let mut granted = Vec::new();
    for asked in asked {
        let Permission::Resource { context, resource_type, letters, category, version_1 } = asked else {
            if registered.contains(asked) && by == PERSON {
                granted.push(asked.clone());
            }
            continue;
        };
        for allowed in registered {
            let Permission::Resource { context: of, resource_type: ty, letters: may, category: only, .. } = allowed
            else {
                continue;
            };
            let category = match (category, only) {
                (asked, None) => asked.clone(),
                (None, only) => only.clone(),
                (Some(asked), Some(only)) if asked == only => Some(asked.clone()),
                _ => continue,
            };
            let ty = match (resource_type, ty) {
                (asked, None) => *asked,
                (None, allowed) => *allowed,
                (Some(asked), Some(allowed)) if asked == allowed => Some(*asked),
                _ => continue,
            };
            let letters: String = letters.chars().filter(|l| may.contains(*l)).collect();
            let narrowed =
                Permission::Resource { context: *context, resource_type: ty, letters, category, version_1: *version_1 };
            let empty = matches!(&narrowed, Permission::Resource { letters, .. } if letters.is_empty());
            if context == of && by.contains(context) && !empty && !granted.contains(&narrowed) {
                granted.push(narrowed);
            }
        }
    }
    granted
}

/// In the words of version 2, which the tokens of programs are kept in.
pub fn text_2(permissions: &[Permission]) -> String {
    let mut all = permissions.to_vec();
    for permission in &mut all {
        if let Permission::Resource { version_1, .. } = permission {
            *version_1 = false;
        }
    }
    text(&all)
}

/// Whether any of them is of this context.
pub fn has(permissions: &[Permission], wanted: Context) -> bool {
    permissions.iter().any(|p| matches!(p, Permission::Resource { context, .. } if *context == wanted))
}

/// Whether this word is among them.
pub fn says(permissions: &[Permission], wanted: &str) -> bool {
    permissions.iter().any(|p| matches!(p, Permission::Word(word) if *word == wanted))
}

/// As the text of an answer.
pub fn text(permissions: &[Permission]) -> String {
    permissions.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// The interactions that granted scopes permit. `patient/` ones reach only types whose rows say whose they are, and to read also what belongs
/// to nobody (directory, knowledge): those that the role table lets a patient read.
pub fn compile(granted: &[Permission]) -> Scope {
    let mut scope = Vec::new();
    for permission in granted {
        let Permission::Resource { context, resource_type, letters, .. } = permission else { continue };
        for interaction in letters.chars().map(interaction) {
            if *context == Context::Patient {
                let own = |ty: &&ResourceType| {
                    let reads = permits(&[Role::Patient], Interaction::Read, **ty) == Some(true);
                    let writes = registry::in_patient_compartment(**ty) && !is_immutable(interaction, **ty);
                    reads && (writes || matches!(interaction, Interaction::Read | Interaction::Search))
                };
                let types = ResourceType::all().iter().filter(|ty| resource_type.is_none_or(|t| t == **ty));
                scope.extend(types.filter(own).map(|ty| (Some(*ty), interaction)));
            } else {
                scope.push((*resource_type, interaction));
            }
        }
    }
    scope
}

/// What the granted scopes say about the category of an interaction with a type, one for each scope that has it.
fn by_category(
    granted: &[Permission],
    ty: ResourceType,
    letter: char,
) -> impl Iterator<Item = Option<&(String, String)>> + Clone {
    granted.iter().filter_map(move |p| match p {
        Permission::Resource { resource_type, letters, category, .. }
            if resource_type.is_none_or(|t| t == ty) && letters.contains(letter) =>
        {
            Some(category.as_ref())
        }
        _ => None,
    })
}

/// Whether an interaction is granted, and by category only.
fn is_narrowed<'p>(mut by: impl Iterator<Item = Option<&'p (String, String)>> + Clone) -> bool {
    by.clone().next().is_some() && by.all(|category| category.is_some())
}

/// The categories that the granted scopes narrow writing to, for each interaction that is granted by category only.
pub fn writable(granted: &[Permission]) -> Vec<(Interaction, Category)> {
    let mut all = Vec::new();
    for resource_type in GRANULAR {
        for letter in ['c', 'u', 'd'] {
            let by = by_category(granted, resource_type, letter);
            if is_narrowed(by.clone()) {
                let category = |(system, code): &(String, String)| Category {
                    resource_type,
                    system: system.clone(),
                    code: code.clone(),
                };
                all.extend(by.flatten().map(|one| (interaction(letter), category(one))));
            }
        }
    }
    all
}

/// The categories that the granted scopes narrow reading to. A type is narrowed when reading or searching it is granted by category only.
pub fn categories(granted: &[Permission]) -> Vec<Category> {
    let mut all = Vec::new();
    for ty in GRANULAR {
        let of = |letter| by_category(granted, ty, letter);
        if ['r', 's'].into_iter().any(|letter| is_narrowed(of(letter))) {
            for (system, code) in of('r').chain(of('s')).flatten() {
                let category = Category { resource_type: ty, system: system.clone(), code: code.clone() };
                if !all.contains(&category) {
                    all.push(category);
                }
            }
        }
    }
    all
}

/// The address that begins a launch: that of the application with `iss` and `launch`.
///
/// Source: SMART App Launch 2.2, "Launch App: EHR Launch".
pub fn address(launch_url: &str, iss: &str, launch: &str) -> String {
    let separator = if launch_url.contains('?') { '&' } else { '?' };
    let mut url = format!("{launch_url}{separator}iss=");
    for byte in iss.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            url.push(char::from(byte));
        } else {
            url.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("{url}&launch={launch}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::role::Interaction;

    fn granted(asked: &str, registered: &str) -> String {
        text(&grantable(&parse(asked).unwrap(), &parse(registered).unwrap(), &PERSON))
    }

    #[test]
    fn scopes_are_read_and_answered_in_the_form_asked() {
        for scope in [
            "patient/*.rs",
            "patient/Observation.rs?category=http://x|laboratory",
            "patient/Observation.cu?category=http://x|vital-signs",
            "patient/Observation.write",
            "user/Observation.cruds",
            "patient/Patient.read",
            "user/*.*",
            "launch/patient",
            "openid",
        ] {
            assert_eq!(text(&parse(scope).unwrap()), scope);
        }
        for bad in [
            "patient/*.sr",
            "patient/*.",
            "patient/Nothing.rs",
            "x",
            "patient/*",
            "patient/Observation.rs?category=a",
            "patient/Observation.rs?code=a|b",
            "patient/Patient.rs?category=a|b",
            "patient/*.rs?category=a|b",
            "system/Observation.rs?category=a|b",
            "patient/Observation.rs?category=a|b&code=c",
            "patient/Observation.rs?category=|b",
        ] {
            assert_eq!(parse(&format!("openid {bad}")), Err(BadScope(bad.into())), "{bad}");
        }
    }

    #[test]
    fn nothing_is_granted_beyond_the_registration() {
        assert_eq!(granted("patient/*.rs openid", "patient/Observation.r"), "patient/Observation.r");
        assert_eq!(granted("patient/Observation.read", "patient/*.rs"), "patient/Observation.read");
        assert_eq!(
            granted("user/*.cruds", "user/Observation.rs user/Condition.cu"),
            "user/Observation.rs user/Condition.cu"
        );
        assert_eq!(granted("user/Observation.rs", "patient/Observation.rs"), "");
        assert_eq!(granted("patient/*.cruds", "patient/*.cruds"), "patient/*.cruds");
        assert_eq!(granted("patient/*.cruds", "patient/*.rs"), "patient/*.rs");
        assert_eq!(granted("patient/Observation.write", "patient/*.crus"), "patient/Observation.cu");
        assert_eq!(granted("system/*.rs", "system/*.rs"), "");
        assert_eq!(granted("openid fhirUser", "openid"), "openid");
    }

    #[test]
    fn a_category_narrows_and_never_widens() {
        let (a, b) = ("patient/Observation.rs?category=x|a", "patient/Observation.rs?category=x|b");
        assert_eq!(granted("patient/Observation.rs", a), a);
        assert_eq!(granted(a, "patient/*.rs"), a);
        assert_eq!(granted(a, b), "");
        let of = |scope: &str| {
            let all = categories(&parse(scope).unwrap());
            all.into_iter().map(|c| format!("{}:{}", c.resource_type, c.code)).collect::<Vec<_>>()
        };
        assert_eq!(of(a), ["Observation:a"]);
        assert_eq!(of(&format!("{a} {b}")), ["Observation:a", "Observation:b"]);
        assert!(of(&format!("{a} patient/*.rs")).is_empty());
        assert_eq!(of(&format!("{a} patient/Observation.r")), ["Observation:a"]);
        assert_eq!(of("user/Condition.rs?category=x|c openid"), ["Condition:c"]);
        assert!(of("user/Observation.rs user/Observation.cu?category=x|c").is_empty());
    }

    #[test]
    fn each_way_of_writing_has_its_own_categories() {
        let of = |scope: &str| {
            let all = writable(&parse(scope).unwrap());
            all.into_iter().map(|(i, c)| format!("{} {}:{}", i.letter(), c.resource_type, c.code)).collect::<Vec<_>>()
        };
        let two = "patient/Observation.c?category=x|a patient/Observation.u?category=x|b";
        assert_eq!(of(two), ["c Observation:a", "u Observation:b"]);
        assert_eq!(of(&format!("{two} user/*.c")), ["u Observation:b"]);
        assert!(of("patient/*.cruds patient/Observation.rs?category=x|a").is_empty());
    }

    #[test]
    fn a_patient_scope_reaches_no_type_whose_rows_are_everybodys() {
        let scope = compile(&parse("patient/*.rs").unwrap());
        let has = |ty| scope.contains(&(Some(ty), Interaction::Read));
        assert!(has(ResourceType::Observation) && has(ResourceType::Patient) && has(ResourceType::Practitioner));
        for ty in [ResourceType::Binary, ResourceType::Bundle, ResourceType::Slot, ResourceType::Subscription] {
            assert!(!has(ty), "{ty}");
        }
        assert!(!scope.iter().any(|(ty, _)| ty.is_none()));
        let scope = compile(&parse("patient/*.cruds").unwrap());
        let writes =
            |ty| scope.iter().filter(|(t, i)| *t == Some(ty) && i.letter() != 'r' && i.letter() != 's').count();
        assert_eq!((writes(ResourceType::Observation), writes(ResourceType::Appointment)), (3, 3));
        for ty in [
            ResourceType::Practitioner,
            ResourceType::Medication,
            ResourceType::Binary,
            ResourceType::AuditEvent,
            ResourceType::Provenance,
        ] {
            assert_eq!(writes(ty), 0, "{ty}");
        }
        assert_eq!(compile(&parse("user/*.r openid").unwrap()), [(None, Interaction::Read)]);
    }
}
