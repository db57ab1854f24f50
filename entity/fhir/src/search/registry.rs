//! The search parameters of R4 as data, by type and code.

use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

use crate::ResourceType;
use crate::search::extract::Plan;

/// A search parameter as one base type has it. Two are equal when base and code are.
pub struct SearchParameter {
    /// The type it is searched on; one value per (base type, code), also for those defined on Resource and DomainResource.
    pub base: ResourceType,
    pub code: &'static str,
    /// Canonical url of the definition.
    pub url: &'static str,
    pub kind: Kind,
    /// The FHIRPath for this base only, the other bases of the published union removed; empty for specials without one.
    pub expression: &'static str,
    /// Types a reference may point to; empty unless `kind` is reference.
    pub targets: &'static [ResourceType],
    /// For composites: the component codes on the same base, and the expression of each, relative to `expression`.
    pub components: &'static [Component],
    /// How its values are found, for one that was defined at run time ([`super::added`]); R4's own are compiled by type.
    pub(super) own: OnceLock<Plan>,
}

impl SearchParameter {
    /// Whether it was defined at run time.
    pub fn is_added(&self) -> bool {
        self.own.get().is_some()
    }
}

impl std::fmt::Debug for SearchParameter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.base, self.code)
    }
}

/// The type of a search parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    String,
    Token,
    Reference,
    Date,
    Number,
    Quantity,
    Uri,
    Composite,
    Special,
}

#[derive(Debug)]
pub struct Component {
    pub code: &'static str,
    pub expression: &'static str,
}

impl PartialEq for SearchParameter {
    fn eq(&self, other: &Self) -> bool {
        self.base == other.base && self.code == other.code
    }
}

/// The data files beside the definitions, read once.
struct Registry {
    /// By type; each sorted by code.
    parameters: Vec<Vec<SearchParameter>>,
    /// By (owner, member): the parameters that put a member into the owner's compartment.
    compartments: HashMap<(ResourceType, ResourceType), Vec<&'static str>>,
    about: HashMap<ResourceType, Vec<&'static str>>,
    primary_dates: HashMap<ResourceType, &'static str>,
}

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
    let mut parameters: Vec<Vec<SearchParameter>> = ResourceType::all().iter().map(|_| Vec::new()).collect();
    read_parameters(include_str!("../../definitions/search-parameters.txt"), &mut parameters);
    for of_type in &mut parameters {
        of_type.sort_by_key(|p| p.code);
    }
    let mut registry =
        Registry { parameters, compartments: HashMap::new(), about: HashMap::new(), primary_dates: HashMap::new() };
    let mut owner = None;
    for columns in rows(include_str!("../../definitions/compartments.txt")) {
        match columns[..] {
            ["O", name] => owner = Some(known(name)),
            ["M", member, ref codes @ ..] => {
                let owner = owner.expect("an O line comes first");
                registry.compartments.insert((owner, known(member)), codes.to_vec());
            }
            _ => {}
        }
    }
    for columns in rows(include_str!("../../definitions/patient.txt")) {
        if let ["A", name, code, ..] = columns[..]
            && code != "-"
        {
            registry.about.entry(known(name)).or_default().push(code);
        }
    }
    for columns in rows(include_str!("../../definitions/primary-date.txt")) {
        if let ["D", name, code, ..] = columns[..] {
            registry.primary_dates.insert(known(name), code);
        }
    }
    registry
});

fn rows(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    text.lines().filter(|l| !l.starts_with('#')).map(|l| l.split('\t').collect())
}

fn known(name: &str) -> ResourceType {
    ResourceType::named(name).expect("the data files name R4 types")
}

/// `P code kind url [targets]`, then per base `B type expression`, then for composites `C code expression`. A parameter of
/// Resource or DomainResource is one of every type.
fn read_parameters(text: &'static str, parameters: &mut [Vec<SearchParameter>]) {
    let mut head: Option<(&'static str, Kind, &'static str, &'static [ResourceType])> = None;
    let mut bases: Vec<ResourceType> = Vec::new();
    for columns in rows(text) {
        match columns[..] {
            ["P", code, kind, url, ref targets @ ..] => {
                let targets = match targets.first().copied() {
                    None | Some("") => Vec::new(),
                    Some("*") => ResourceType::all().to_vec(),
                    Some(list) => list.split(',').map(known).collect(),
                };
                head =
                    Some((code, self::kind(kind).expect("the data files name the types of R4"), url, targets.leak()));
                bases.clear();
            }
            ["B", base, expression] => {
                let (code, kind, url, targets) = head.expect("a P line comes first");
                let of = match base {
                    "Resource" | "DomainResource" => ResourceType::all().to_vec(),
                    name => vec![known(name)],
                };
                for base in of {
                    bases.push(base);
                    parameters[base as usize].push(SearchParameter {
                        base,
                        code,
                        url,
                        kind,
                        expression,
                        targets,
                        components: &[],
                        own: OnceLock::new(),
                    });
                }
            }
            ["C", code, expression] => {
                for base in &bases {
                    let parameter = parameters[*base as usize].last_mut().expect("a B line comes first");
                    let mut components: Vec<Component> = parameter
                        .components
                        .iter()
                        .map(|c| Component { code: c.code, expression: c.expression })
                        .collect();
                    components.push(Component { code, expression });
                    parameter.components = components.leak();
                }
            }
            _ => {}
        }
    }
}

/// The type that a SearchParameter calls so.
pub(super) fn kind(name: &str) -> Option<Kind> {
    Some(match name {
        "string" => Kind::String,
        "token" => Kind::Token,
        "reference" => Kind::Reference,
        "date" => Kind::Date,
        "number" => Kind::Number,
        "quantity" => Kind::Quantity,
        "uri" => Kind::Uri,
        "composite" => Kind::Composite,
        "special" => Kind::Special,
        _ => return None,
    })
}

/// Every parameter of a type, sorted by code.
pub fn parameters(resource_type: ResourceType) -> &'static [SearchParameter] {
    &REGISTRY.parameters[resource_type as usize]
}

/// The parameter of that exact code.
pub fn parameter(resource_type: ResourceType, code: &str) -> Option<&'static SearchParameter> {
    let all = parameters(resource_type);
    all.binary_search_by_key(&code, |p| p.code).ok().map(|at| &all[at])
}

/// The date parameter a type's records are ordered by in a chart; `None` for a type without a date.
pub fn primary_date(resource_type: ResourceType) -> Option<&'static str> {
    REGISTRY.primary_dates.get(&resource_type).copied()
}

/// The parameters that say whom a record is about. Narrower than the compartment: who only performs, records or pays is not among them.
pub fn patient_parameters(resource_type: ResourceType) -> &'static [&'static str] {
    REGISTRY.about.get(&resource_type).map_or(&[], Vec::as_slice)
}

/// The parameter by which resources of this type are parts of one another, when they are a hierarchy.
pub fn part_of(resource_type: ResourceType) -> Option<&'static SearchParameter> {
    let own = ["partof", "part-of"].into_iter().find_map(|code| parameter(resource_type, code));
    own.filter(|p| p.kind == Kind::Reference && p.targets.contains(&resource_type))
}

/// The parameters that put a member into the owner's compartment (R4 CompartmentDefinition); empty when it cannot be there.
pub fn compartment_parameters(owner: ResourceType, member: ResourceType) -> &'static [&'static str] {
    REGISTRY.compartments.get(&(owner, member)).map_or(&[], Vec::as_slice)
}

/// Whether rows of this type belong to patients: those that say whom they are about, those of R4's Patient compartment, and
/// the patient's own record.
pub fn in_patient_compartment(resource_type: ResourceType) -> bool {
    resource_type == ResourceType::Patient
        || !patient_parameters(resource_type).is_empty()
        || !compartment_parameters(ResourceType::Patient, resource_type).is_empty()
}

/// Whether a resource of this type may be about several patients (Appointment, Group …): then the head's `pat` is only the first.
/// It is not when all parameters that say whom it is about read one element of the resource itself that cannot repeat.
pub fn several_patients(resource_type: ResourceType) -> bool {
    static SEVERAL: LazyLock<Vec<bool>> = LazyLock::new(|| {
        let mut ranges: HashMap<(&str, &str), &str> = HashMap::new();
        let mut ty = "";
        for columns in rows(include_str!("../../definitions/types.txt")) {
            match columns[..] {
                ["T", name, ..] => ty = name,
                [name, range, ..] if name.starts_with('.') => {
                    ranges.insert((ty, &name[1..]), range);
                }
                _ => {}
            }
        }
        let one = |t: ResourceType| {
            let about = patient_parameters(t).iter().filter_map(|code| parameter(t, code));
            let mut elements: Vec<Option<&str>> = about
                .map(|p| {
                    let mut steps = p.expression.strip_prefix(t.name())?.strip_prefix('.')?.splitn(2, '.');
                    let element = steps.next()?;
                    steps.next().is_none_or(|rest| rest.starts_with("where(")).then_some(element)
                })
                .collect();
            elements.sort_unstable();
            elements.dedup();
            match elements[..] {
                [Some(element)] => ranges.get(&(t.name(), element)).is_some_and(|range| range.ends_with("..1")),
                _ => false,
            }
        };
        ResourceType::all()
            .iter()
            .map(|t| in_patient_compartment(*t) && *t != ResourceType::Patient && !one(*t))
            .collect()
    });
    SEVERAL[resource_type as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_holds_r4() {
        let codes: std::collections::BTreeSet<&str> =
            ResourceType::all().iter().flat_map(|t| parameters(*t)).map(|p| p.url).collect();
        // All of R4; ViewDefinition has the parameters of every resource only.
        assert_eq!(codes.len(), 1378);
        for ty in ResourceType::all() {
            assert!(parameters(*ty).windows(2).all(|w| w[0].code < w[1].code), "{ty}: a code is there twice");
            assert!(parameter(*ty, "_id").is_some());
            if let Some(code) = primary_date(*ty) {
                assert_eq!(parameter(*ty, code).map(|p| p.kind), Some(Kind::Date), "{ty}.{code}");
            }
        }
    }

    #[test]
    fn parameters_are_per_base() {
        let code = parameter(ResourceType::Observation, "code").unwrap();
        assert_eq!((code.kind, code.expression), (Kind::Token, "Observation.code"));
        let subject = parameter(ResourceType::Observation, "patient").unwrap();
        assert_eq!(subject.targets, [ResourceType::Patient]);
        let pair = parameter(ResourceType::Observation, "code-value-quantity").unwrap();
        assert_eq!(pair.components.iter().map(|c| c.code).collect::<Vec<_>>(), ["code", "value-quantity"]);
        assert!(parameter(ResourceType::Observation, "given").is_none());
    }

    #[test]
    fn compartments_and_subjects_differ() {
        assert!(in_patient_compartment(ResourceType::Observation) && in_patient_compartment(ResourceType::Patient));
        assert!(!in_patient_compartment(ResourceType::Organization));
        let of = |ty| compartment_parameters(ResourceType::Patient, ty);
        assert_eq!(of(ResourceType::Observation), ["subject", "performer"]);
        assert_eq!(patient_parameters(ResourceType::Observation), ["subject"]);
        assert_eq!(primary_date(ResourceType::Observation), Some("date"));
        for one in [ResourceType::Observation, ResourceType::Condition, ResourceType::Encounter, ResourceType::Patient]
        {
            assert!(!several_patients(one), "{one}");
        }
        assert!(several_patients(ResourceType::Appointment) && several_patients(ResourceType::Group));
    }
}
