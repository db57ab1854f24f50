//! The hospital itself: organisations, places, and the people who work there. One hospital, whatever the seed of its patients.

use std::sync::LazyLock;

use fhir::ResourceType;

use super::rng::{hash_name, mix};
use super::table::{Code, code, snomed};
use super::writer::{Id, Ref, Writer};
use super::{BASE, Document};

/// Where outpatients are seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clinic {
    Primary,
    Pediatrics,
    Cardiology,
    Endocrinology,
    Nephrology,
    Respiratory,
    MentalHealth,
    Orthopaedics,
    Womens,
    Emergency,
}

const CLINICS: [(Clinic, &str, Code); 10] = [
    (Clinic::Primary, "Primary care clinic", snomed("394814009", "General practice")),
    (Clinic::Pediatrics, "Children's clinic", snomed("394537008", "Pediatric specialty")),
    (Clinic::Cardiology, "Cardiology clinic", snomed("394579002", "Cardiology")),
    (Clinic::Endocrinology, "Diabetes and thyroid clinic", snomed("394583002", "Endocrinology")),
    (Clinic::Nephrology, "Kidney clinic", snomed("394589003", "Nephrology")),
    (Clinic::Respiratory, "Respiratory clinic", snomed("418112009", "Pulmonary medicine")),
    (Clinic::MentalHealth, "Mental health clinic", snomed("394587001", "Psychiatry")),
    (Clinic::Orthopaedics, "Bone and joint clinic", snomed("394801008", "Trauma and orthopedics")),
    (Clinic::Womens, "Women's clinic", snomed("394585009", "Obstetrics and gynecology")),
    (Clinic::Emergency, "Emergency department", snomed("773568002", "Emergency medicine")),
];

const GENERAL_MEDICINE: Code = snomed("394802001", "General medicine");

/// Wards; the last takes no medical inpatients.
pub const WARDS: [&str; 6] = ["6 West", "6 East", "5 West", "5 East", "4 West", "4 East"];
pub const BEDS_PER_WARD: u32 = 8;

const SERVICES: [&str; 3] = ["Laboratory", "Radiology", "Pharmacy"];
pub const INSURERS: [&str; 3] = ["Commonwealth Health Plan", "Harbor Mutual", "Public Senior Plan"];

/// What somebody may do; the names are those of the log-in roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Physician,
    Nurse,
    Pharmacist,
    Registrar,
    Analyst,
    Admin,
}

impl Role {
    pub fn name(self) -> &'static str {
        match self {
            Self::Physician => "physician",
            Self::Nurse => "nurse",
            Self::Pharmacist => "pharmacist",
            Self::Registrar => "registrar",
            Self::Analyst => "analyst",
            Self::Admin => "admin",
        }
    }

    fn code(self) -> Code {
        const HL7: &str = "http://terminology.hl7.org/CodeSystem/practitioner-role";
        const OURS: &str = "https://wintehr.org/fhir/CodeSystem/staff-role";
        match self {
            Self::Physician => code(HL7, "doctor", "Doctor"),
            Self::Nurse => code(HL7, "nurse", "Nurse"),
            Self::Pharmacist => code(HL7, "pharmacist", "Pharmacist"),
            Self::Registrar => code(OURS, "registrar", "Registrar"),
            Self::Analyst => code(OURS, "analyst", "Analyst"),
            Self::Admin => code(OURS, "admin", "Administrator"),
        }
    }
}

struct Worker {
    login: Option<&'static str>,
    prefix: Option<&'static str>,
    given: &'static str,
    family: &'static str,
    /// As shown beside a signature.
    display: &'static str,
    female: bool,
    role: Role,
    clinic: Option<Clinic>,
}

const fn doctor(
    login: Option<&'static str>,
    given: &'static str,
    family: &'static str,
    display: &'static str,
    female: bool,
    clinic: Clinic,
) -> Worker {
    Worker { login, prefix: Some("Dr."), given, family, display, female, role: Role::Physician, clinic: Some(clinic) }
}

const fn worker(
    login: Option<&'static str>,
    given: &'static str,
    family: &'static str,
    display: &'static str,
    female: bool,
    role: Role,
) -> Worker {
    Worker { login, prefix: None, given, family, display, female, role, clinic: None }
}

/// The first eight can log in.
const WORKERS: [Worker; 30] = [
    doctor(Some("okafor"), "Adaeze", "Okafor", "Dr. Adaeze Okafor", true, Clinic::Cardiology),
    doctor(Some("lindqvist"), "Per", "Lindqvist", "Dr. Per Lindqvist", false, Clinic::Emergency),
    worker(Some("silva"), "Teresa", "Silva", "Teresa Silva, RN", true, Role::Nurse),
    worker(Some("castellanos"), "Mateo", "Castellanos", "Mateo Castellanos, RN", false, Role::Nurse),
    worker(Some("farouk"), "Noor", "Farouk", "Noor Farouk, PharmD", true, Role::Pharmacist),
    worker(Some("duarte"), "Nina", "Duarte", "Nina Duarte", true, Role::Registrar),
    worker(Some("rahman"), "Imran", "Rahman", "Imran Rahman", false, Role::Analyst),
    worker(Some("novak"), "Petra", "Novak", "Petra Novak", true, Role::Admin),
    doctor(None, "Helen", "Achterberg", "Dr. Helen Achterberg", true, Clinic::Primary),
    doctor(None, "Samuel", "Osei", "Dr. Samuel Osei", false, Clinic::Primary),
    doctor(None, "Mei", "Tanaka", "Dr. Mei Tanaka", true, Clinic::Primary),
    doctor(None, "Rajiv", "Menon", "Dr. Rajiv Menon", false, Clinic::Primary),
    doctor(None, "Clara", "Vidal", "Dr. Clara Vidal", true, Clinic::Pediatrics),
    doctor(None, "Tobias", "Krause", "Dr. Tobias Krause", false, Clinic::Pediatrics),
    doctor(None, "Leila", "Karimi", "Dr. Leila Karimi", true, Clinic::Cardiology),
    doctor(None, "Joseph", "Mbeki", "Dr. Joseph Mbeki", false, Clinic::Nephrology),
    doctor(None, "Sofia", "Andrade", "Dr. Sofia Andrade", true, Clinic::Endocrinology),
    doctor(None, "Hugo", "Lambert", "Dr. Hugo Lambert", false, Clinic::Respiratory),
    doctor(None, "Ruth", "Goldberg", "Dr. Ruth Goldberg", true, Clinic::MentalHealth),
    doctor(None, "Kofi", "Annor", "Dr. Kofi Annor", false, Clinic::Orthopaedics),
    doctor(None, "Yasmin", "Haddad", "Dr. Yasmin Haddad", true, Clinic::Womens),
    doctor(None, "Grace", "Nakato", "Dr. Grace Nakato", true, Clinic::Emergency),
    worker(None, "Oliver", "Brandt", "Oliver Brandt, RN", false, Role::Nurse),
    worker(None, "Linh", "Pham", "Linh Pham, RN", true, Role::Nurse),
    worker(None, "Esther", "Wanjiru", "Esther Wanjiru, RN", true, Role::Nurse),
    worker(None, "Daniel", "Cohen", "Daniel Cohen, RN", false, Role::Nurse),
    worker(None, "Ivana", "Horvat", "Ivana Horvat, RN", true, Role::Nurse),
    worker(None, "Arturo", "Vega", "Arturo Vega, PharmD", false, Role::Pharmacist),
    worker(None, "Fatima", "Diallo", "Fatima Diallo", true, Role::Registrar),
    worker(None, "Stefan", "Ionescu", "Stefan Ionescu, RN", false, Role::Nurse),
];

/// Somebody who can log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staff {
    pub login: &'static str,
    pub name: &'static str,
    pub role: Role,
    /// Id of the Practitioner document.
    pub practitioner_id: String,
}

static STAFF: LazyLock<Vec<Staff>> = LazyLock::new(|| {
    let staff = WORKERS.iter().enumerate().filter_map(|(i, w)| {
        let practitioner_id = practitioner(i).id.as_str().to_owned();
        Some(Staff { login: w.login?, name: w.display, role: w.role, practitioner_id })
    });
    staff.collect()
});

/// The people demo log-ins are made for.
pub fn staff() -> &'static [Staff] {
    &STAFF
}

/// The id of document `n` of a module of an owner (patient number, or `u64::MAX` for the hospital).
pub fn document_id(seed: u64, kind: ResourceType, owner: u64, module: u64, n: u64) -> Id {
    let root = mix(seed ^ mix(hash_name(kind.name()))) ^ mix(owner ^ 0x5851_f42d_4c95_7f2d);
    let low = mix(root ^ module).wrapping_add(mix(n.wrapping_add(1)));
    Id::new(mix(low ^ 0xd6e8_feb8_6659_fd93), mix(low.rotate_left(23) ^ mix(root)))
}

pub fn own(kind: ResourceType, group: &str, n: u64) -> Ref {
    Ref { kind, id: document_id(0, kind, u64::MAX, hash_name(group), n) }
}

pub fn hospital() -> Ref {
    own(ResourceType::Organization, "hospital", 0)
}

pub fn insurer(i: usize) -> Ref {
    own(ResourceType::Organization, "insurer", i as u64)
}

pub fn laboratory() -> Ref {
    own(ResourceType::Organization, "service", 0)
}

pub fn radiology() -> Ref {
    own(ResourceType::Organization, "service", 1)
}

pub fn practitioner(i: usize) -> Ref {
    own(ResourceType::Practitioner, "worker", i as u64)
}

pub fn practitioner_name(i: usize) -> &'static str {
    WORKERS[i].display
}

/// The `n`-th physician of a clinic, counting around.
pub fn physician(clinic: Clinic, n: usize) -> usize {
    let of_clinic = |w: &Worker| w.clinic == Some(clinic);
    let count = WORKERS.iter().filter(|w| of_clinic(w)).count();
    let found = WORKERS.iter().enumerate().filter(|(_, w)| of_clinic(w)).nth(n % count);
    found.map(|(i, _)| i).expect("every clinic has a physician")
}

/// The `n`-th nurse, counting around.
pub fn nurse(n: usize) -> usize {
    let count = WORKERS.iter().filter(|w| w.role == Role::Nurse).count();
    let found = WORKERS.iter().enumerate().filter(|(_, w)| w.role == Role::Nurse).nth(n % count);
    found.map(|(i, _)| i).expect("there are nurses")
}

/// The `n`-th pharmacist, counting around.
pub fn pharmacist(n: usize) -> usize {
    let count = WORKERS.iter().filter(|w| w.role == Role::Pharmacist).count();
    let found = WORKERS.iter().enumerate().filter(|(_, w)| w.role == Role::Pharmacist).nth(n % count);
    found.map(|(i, _)| i).expect("there are pharmacists")
}

pub fn clinic(clinic: Clinic) -> Ref {
    own(ResourceType::Location, "clinic", clinic as u64)
}

pub fn clinic_name(clinic: Clinic) -> &'static str {
    CLINICS[clinic as usize].1
}

pub fn specialty(clinic: Clinic) -> Code {
    CLINICS[clinic as usize].2
}

pub fn ward(ward: usize) -> Ref {
    own(ResourceType::Location, "ward", ward as u64)
}

/// Bed of an inpatient slot: location and name, such as `6 West, bed 3`.
pub fn bed(slot: u32) -> (Ref, String) {
    let name = format!("{}, bed {}", WARDS[(slot / BEDS_PER_WARD) as usize], slot % BEDS_PER_WARD + 1);
    (own(ResourceType::Location, "bed", u64::from(slot)), name)
}

/// All documents of the hospital, each after those it refers to.
pub fn documents() -> Vec<Document> {
    let mut out = Vec::new();
    organizations(&mut out);
    locations(&mut out);
    people(&mut out);
    let form =
        |(id, body): (&str, String)| Document { resource_type: ResourceType::Questionnaire, id: id.to_owned(), body };
    out.extend(crate::form::documents().into_iter().map(form));
    out
}

fn organizations(out: &mut Vec<Document>) {
    const KIND: &str = "http://terminology.hl7.org/CodeSystem/organization-type";
    let mut push = |target: Ref, name: &str, kind: &Code, part_of: Option<Ref>| {
        let mut w = Writer::new(target);
        w.boolean("active", true);
        w.concepts("type", kind);
        w.string("name", name);
        if let Some(parent) = part_of {
            w.reference("partOf", parent, Some(HOSPITAL));
        }
        out.push(w.finish());
    };
    push(hospital(), HOSPITAL, &code(KIND, "prov", "Healthcare Provider"), None);
    for (i, name) in SERVICES.iter().enumerate() {
        let target = own(ResourceType::Organization, "service", i as u64);
        push(target, name, &code(KIND, "dept", "Hospital Department"), Some(hospital()));
    }
    for (i, name) in INSURERS.iter().enumerate() {
        push(insurer(i), name, &code(KIND, "ins", "Insurance Company"), None);
    }
}

pub const HOSPITAL: &str = "Kestrel Point General Hospital";

fn locations(out: &mut Vec<Document>) {
    const PHYSICAL: &str = "http://terminology.hl7.org/CodeSystem/location-physical-type";
    let building = own(ResourceType::Location, "building", 0);
    let mut push = |target: Ref, name: &str, physical: (&'static str, &'static str), part_of: Option<(Ref, &str)>| {
        let mut w = Writer::new(target);
        w.string("status", "active");
        w.string("name", name);
        w.string("mode", "instance");
        w.concept("physicalType", &code(PHYSICAL, physical.0, physical.1));
        w.reference("managingOrganization", hospital(), Some(HOSPITAL));
        if let Some((parent, display)) = part_of {
            w.reference("partOf", parent, Some(display));
        }
        out.push(w.finish());
    };
    push(building, HOSPITAL, ("bu", "Building"), None);
    for (of, name, _) in &CLINICS {
        push(clinic(*of), name, ("area", "Area"), Some((building, HOSPITAL)));
    }
    for (i, name) in SERVICES.iter().enumerate() {
        let target = own(ResourceType::Location, "service", i as u64);
        push(target, name, ("area", "Area"), Some((building, HOSPITAL)));
    }
    for (i, ward_name) in WARDS.iter().enumerate() {
        push(ward(i), ward_name, ("wa", "Ward"), Some((building, HOSPITAL)));
        for room in 0..BEDS_PER_WARD / 2 {
            let number = i as u32 * BEDS_PER_WARD / 2 + room;
            let target = own(ResourceType::Location, "room", u64::from(number));
            let room_name = format!("{ward_name}, room {}", room + 1);
            push(target, &room_name, ("ro", "Room"), Some((ward(i), ward_name)));
            for slot in [room * 2, room * 2 + 1] {
                let (bed_target, name) = bed(i as u32 * BEDS_PER_WARD + slot);
                push(bed_target, &name, ("bd", "Bed"), Some((target, &room_name)));
            }
        }
    }
}

fn people(out: &mut Vec<Document>) {
    for (i, worker) in WORKERS.iter().enumerate() {
        let practitioner = practitioner(i);
        let mut w = Writer::new(practitioner);
        w.identifier(&format!("{BASE}/staff-number"), &format!("S{:04}", 1001 + i));
        w.boolean("active", true);
        w.list("name");
        w.item();
        w.string("use", "official");
        w.string("text", worker.display);
        w.string("family", worker.family);
        w.list("given");
        w.item_string(worker.given);
        w.end();
        if let Some(prefix) = worker.prefix {
            w.list("prefix");
            w.item_string(prefix);
            w.end();
        }
        w.close();
        w.end();
        w.list("telecom");
        w.item();
        w.string("system", "phone");
        w.string("value", &format!("555-01{:02}", 10 + i));
        w.string("use", "work");
        w.close();
        w.end();
        w.string("gender", if worker.female { "female" } else { "male" });
        out.push(w.finish());

        let mut w = Writer::new(own(ResourceType::PractitionerRole, "worker", i as u64));
        w.boolean("active", true);
        w.reference("practitioner", practitioner, Some(worker.display));
        w.reference("organization", hospital(), Some(HOSPITAL));
        w.concepts("code", &worker.role.code());
        match (worker.clinic, worker.role) {
            (Some(of), _) => {
                w.concepts("specialty", &specialty(of));
                w.references("location", clinic(of), Some(clinic_name(of)));
            }
            (None, Role::Nurse) => {
                let at = i % WARDS.len();
                w.concepts("specialty", &GENERAL_MEDICINE);
                w.references("location", ward(at), Some(WARDS[at]));
            }
            (None, _) => {}
        }
        out.push(w.finish());
    }
}
