//! Conditions that lead to other resources or are read from documents: the store answers as the matcher does over all documents.

use std::collections::BTreeSet;

use crate::client::Client;
use entity::store::{Count, PageRequest};
use entity::{Actor, Clearance, Rows};
use fhir::search::extract::Options;
use fhir::search::label::CONFIDENTIALITY_SYSTEM;
use fhir::search::matcher::{Lookup, Unsupported, list_members, matches, matches_query};
use fhir::search::parse::{Handling, parse};
use fhir::search::query::{Clause, Modifier, Operand, Query, ReferenceOperand};
use fhir::search::registry::{self, SearchParameter};
use fhir::{Json, ResourceType};

use crate::search::store_all;

const WARD: &str = r#"[
{"resourceType":"Patient","id":"ada","gender":"female","name":[{"family":"Ek"}],"managingOrganization":{"reference":"Organization/clinic"},
 "generalPractitioner":[{"reference":"Practitioner/doc"}],"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Likes <b>chess</b> &amp; tea</div>"}},
{"resourceType":"Patient","id":"ben","gender":"male","name":[{"family":"Berg"}],"managingOrganization":{"reference":"Organization/other"},
 "generalPractitioner":[{"identifier":{"system":"urn:npi","value":"77"}}]},
{"resourceType":"Patient","id":"cyd"},
{"resourceType":"Practitioner","id":"doc","name":[{"family":"Okafor"}],"identifier":[{"type":{"text":"National number"},"system":"urn:npi","value":"77"}]},
{"resourceType":"Practitioner","id":"sub","name":[{"family":"Berg"}]},
{"resourceType":"PractitionerRole","id":"role","practitioner":{"reference":"Practitioner/doc"},"organization":{"reference":"Organization/clinic"}},
{"resourceType":"Organization","id":"trust","name":"Trust"},
{"resourceType":"Organization","id":"hospital","name":"Hospital","partOf":{"reference":"Organization/trust"}},
{"resourceType":"Organization","id":"clinic","name":"Clinic","partOf":{"reference":"Organization/hospital"}},
{"resourceType":"Organization","id":"other","name":"Other"},
{"resourceType":"Location","id":"house","name":"House","position":{"latitude":52.5,"longitude":13.4},"managingOrganization":{"reference":"Organization/clinic"}},
{"resourceType":"Location","id":"ward","name":"Ward","partOf":{"reference":"Location/house"},"position":{"latitude":52.6,"longitude":13.4}},
{"resourceType":"Location","id":"bed","name":"Bed","partOf":{"reference":"Location/ward"}},
{"resourceType":"Encounter","id":"e1","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/ada"},
 "serviceProvider":{"reference":"Organization/clinic"},"location":[{"location":{"reference":"Location/bed"}}],
 "participant":[{"individual":{"reference":"Practitioner/doc"}}]},
{"resourceType":"Encounter","id":"e2","status":"planned","class":{"code":"IMP","display":"Inpatient stay"},"subject":{"reference":"Patient/ben"},
 "location":[{"location":{"reference":"Location/house"}}],"participant":[{"individual":{"reference":"Practitioner/sub"}}]},
{"resourceType":"Observation","id":"o1","status":"final","code":{"coding":[{"system":"s","code":"x","display":"Serum sodium"}]},
 "subject":{"reference":"Patient/ada"},"encounter":{"reference":"Encounter/e1"},"performer":[{"reference":"Practitioner/doc"}],"valueString":"quite normal"},
{"resourceType":"Observation","id":"o2","status":"final","code":{"text":"Sodium in urine"},"subject":{"reference":"Patient/ben"},
 "encounter":{"reference":"Encounter/e2"},"performer":[{"reference":"Practitioner/sub"},{"reference":"PractitionerRole/role"}]},
{"resourceType":"Observation","id":"o3","status":"amended","code":{"coding":[{"system":"s","code":"y"}]},"device":{"reference":"Device/d"},
 "component":[{"code":{"coding":[{"system":"s","code":"x"}]},"valueQuantity":{"value":3}}],"subject":{"reference":"Location/bed"}},
{"resourceType":"List","id":"mine","status":"current","mode":"changes","entry":[{"item":{"reference":"Patient/ben"}},{"item":{"reference":"Patient/ada"},"deleted":true},
 {"item":{"reference":"Observation/o1"}}]}]"#;

/// All documents, as what the matcher asks about.
struct Documents<'d>(&'d [Json<'d>]);

impl Documents<'_> {
    fn of(&self, ty: ResourceType) -> impl Iterator<Item = &Json<'_>> {
        self.0.iter().filter(move |d| d.str_at("resourceType") == Some(ty.name()))
    }

    fn meet(&self, ty: ResourceType, document: &Json<'_>, clause: &Clause) -> Result<bool, Unsupported> {
        matches(document, ty, clause, &Options::default(), self)
    }
}

fn to(param: &'static SearchParameter, ty: ResourceType, id: &str) -> Clause {
    let any = vec![Operand::Reference(ReferenceOperand::Local { types: vec![ty], id: id.to_owned(), version: None })];
    Clause::Param { param, modifier: Modifier::None, any }
}

impl Lookup for Documents<'_> {
    fn matches(&self, ty: ResourceType, id: &str, clause: &Clause) -> Result<bool, Unsupported> {
        self.of(ty).find(|d| d.str_at("id") == Some(id)).map_or(Ok(false), |d| self.meet(ty, d, clause))
    }

    fn has(
        &self,
        source: ResourceType,
        param: &'static SearchParameter,
        (ty, id): (ResourceType, &str),
        clause: &Clause,
    ) -> Result<bool, Unsupported> {
        let both = Clause::And(vec![to(param, ty, id), clause.clone()]);
        self.of(source).try_fold(false, |found, d| Ok(found || self.meet(source, d, &both)?))
    }

    fn is_within(&self, ty: ResourceType, id: &str, whole: &str) -> Result<bool, Unsupported> {
        if id == whole {
            return Ok(true);
        }
        let part_of = registry::part_of(ty).unwrap();
        let above = self.of(ty).map(|d| d.str_at("id").unwrap());
        let own = self.of(ty).find(|d| d.str_at("id") == Some(id));
        let Some(own) = own else { return Ok(false) };
        for other in above {
            if self.meet(ty, own, &to(part_of, ty, other))? && self.is_within(ty, other, whole)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn list(&self, id: &str) -> Result<Vec<(ResourceType, String)>, Unsupported> {
        let list = self.of(ResourceType::List).find(|d| d.str_at("id") == Some(id));
        Ok(list.map(|l| list_members(l, &Options::default())).unwrap_or_default())
    }
}

fn query(text: &str) -> Query {
    let (name, pairs) = text.split_once('?').unwrap();
    let pairs: Vec<(String, String)> =
        pairs.split('&').map(|p| p.split_once('=').unwrap()).map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
    let now = chrono::DateTime::from_timestamp(1_790_000_000, 0).unwrap();
    let parsed = parse(ResourceType::named(name).unwrap(), &pairs, Handling::Strict, now, &Options::default());
    parsed.unwrap_or_else(|e| panic!("{text}: {e:?}")).query
}

async fn found(store: &entity::Store, actor: &Actor, query: &Query) -> BTreeSet<String> {
    let mut page = PageRequest { limit: 1, ..PageRequest::default() };
    let mut all = BTreeSet::new();
    loop {
        let answer = store.search(actor, query, &page).await.unwrap();
        let next = answer.next();
        all.extend(answer.matches.into_iter().map(|m| m.id));
        match next {
            Some(next) => page.token = Some(next),
            None => break,
        }
    }
    assert_eq!(store.count(actor, query, Count::Exact).await.unwrap(), Some(all.len() as u64));
    all
}

#[tokio::test]
async fn every_node_is_answered_as_the_matcher_does() {
    let store = tests::store().await;
    let ward = Json::parse(WARD).unwrap();
    store_all(&store, ward.items()).await;
    let documents = Documents(ward.items());
    let hundreds: Vec<String> = (0..250).map(|n| format!("n{n}")).collect();
    let hundreds = format!("Observation?code={},x&status=final", hundreds.join(","));
    for (text, expected) in [
        // Chains.
        ("Patient?general-practitioner.family=oka", "ada"),
        ("Patient?general-practitioner:Practitioner.family=okafor", "ada"),
        ("Patient?organization.name=clin", "ada"),
        ("Patient?organization.partof.partof.name=trust", "ada"),
        ("Patient?organization.partof.name=nothing", ""),
        ("Observation?subject.name=ek", "o1"),
        ("Observation?subject:Location.name=bed", "o3"),
        ("Observation?subject:Patient.organization.name=other", "o2"),
        ("Observation?performer.family=berg", "o2"),
        ("Observation?performer:PractitionerRole.practitioner.family=okafor", "o2"),
        ("Observation?encounter.location.partof.partof.organization.name=clinic", "o1"),
        ("Observation?encounter.class=IMP&subject.gender=male", "o2"),
        ("Observation?patient.organization:missing=false", "o1 o2"),
        // Reverse chains.
        ("Practitioner?_has:Encounter:participant:status=finished", "doc"),
        ("Practitioner?_has:Observation:performer:code=x", "doc"),
        ("Organization?_has:Patient:organization:gender=male", "other"),
        ("Organization?_has:Patient:organization:_has:Observation:patient:code=x", "clinic"),
        ("Organization?_has:Encounter:service-provider:subject.name=ek", "clinic"),
        ("Patient?_has:Encounter:patient:location.name=house", "ben"),
        ("Patient?_has:Observation:patient:performer.family=okafor", "ada"),
        // Hierarchies.
        ("Encounter?location:below=house", "e1 e2"),
        ("Encounter?location:below=ward", "e1"),
        ("Encounter?location:above=bed", "e1 e2"),
        ("Encounter?location:above=ward", "e2"),
        ("Organization?partof:below=trust", "clinic hospital"),
        ("Organization?partof:above=clinic", "clinic hospital"),
        // Read from documents.
        ("Observation?code:text=serum", "o1"),
        ("Observation?code:text=SODIUM", "o2"),
        ("Encounter?class:text=inpatient", "e2"),
        ("Practitioner?identifier:text=national", "doc"),
        ("Patient?general-practitioner:identifier=77", "ben"),
        ("Patient?general-practitioner:identifier=urn:npi|77", "ben"),
        ("Patient?_text=chess", "ada"),
        ("Patient?_text=chess -tea", ""),
        ("Observation?_content=\"quite normal\" OR urine", "o1 o2"),
        ("Location?near=52.5|13.4|5|km", "house"),
        ("Location?near=52.5|13.4|20|km", "house ward"),
        ("Observation?component-code-value-quantity=s|$3", "o3"),
        ("Observation?code:text=serum&performer.family=okafor", "o1"),
        // A list.
        ("Patient?_list=mine", "ben"),
        ("Observation?_list=mine&status=final", "o1"),
        ("Patient?_list=nobody", ""),
        (&hundreds, "o1"),
        // Filters.
        ("Patient?_filter=name eq \"EK\"", "ada"),
        ("Patient?_filter=family co er or gender eq female", "ada ben"),
        ("Patient?_filter=family ew rg", "ben"),
        ("Patient?_filter=family ne ek", "ben"),
        ("Patient?_filter=not (gender pr true)", "cyd"),
        ("Patient?_filter=gender ne male", "ada"),
        ("Patient?_filter=gender eq male and family sw ber or _id eq cyd", "ben cyd"),
        ("Patient?_filter=gender eq male and (family sw x or _id eq ben)", "ben"),
        ("Patient?_filter=organization.name eq clinic", "ada"),
        ("Patient?_filter=organization[name co ther].partof pr false", "ben"),
        ("Patient?_filter=organization[partof.name eq \"Hospital\"].name sw cli", "ada"),
        ("Patient?_filter=_has:Observation:patient:code eq s|x", "ada"),
        ("Patient?_filter=general-practitioner re Practitioner/doc", "ada"),
        ("Observation?_filter=subject:Patient.family eq ek and status eq final", "o1"),
        ("Observation?_filter=subject.id eq ben", "o2"),
        ("Observation?_filter=code ne s|x and code pr true", "o2 o3"),
        ("Observation?_filter=component-value-quantity ge 3", "o3"),
        ("Encounter?_filter=location re Location/bed&status=finished", "e1"),
    ] {
        let query = query(text);
        let by_matcher: BTreeSet<String> = documents
            .of(query.resource_type)
            .filter(|d| matches_query(d, &query, &Options::default(), &documents).unwrap())
            .map(|d| d.str_at("id").unwrap().to_owned())
            .collect();
        let expected: BTreeSet<String> = expected.split_whitespace().map(ToOwned::to_owned).collect();
        assert_eq!(by_matcher, expected, "the matcher: {text}");
        assert_eq!(found(&store, &Actor::server(), &query).await, expected, "{text}");
    }
}

#[tokio::test]
async fn a_hidden_resource_on_the_way_is_not_there() {
    let store = tests::store().await;
    let restricted = |ty: &str, id: &str, rest: &str| {
        let label = format!(r#""meta":{{"security":[{{"system":"{CONFIDENTIALITY_SYSTEM}","code":"R"}}]}}"#);
        Json::parse(&format!(r#"{{"resourceType":"{ty}","id":"{id}",{label}{rest}}}"#)).unwrap().into_owned()
    };
    let ward = Json::parse(WARD).unwrap();
    store_all(&store, ward.items()).await;
    let hidden = [
        restricted("Organization", "vip", r#","name":"Vip","partOf":{"reference":"Organization/trust"}"#),
        restricted(
            "List",
            "vips",
            r#","status":"current","mode":"working","entry":[{"item":{"reference":"Patient/ada"}}]"#,
        ),
        restricted(
            "Encounter",
            "e9",
            r#","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/cyd"},"serviceProvider":{"reference":"Organization/other"}"#,
        ),
        Json::parse(
            r#"{"resourceType":"Organization","id":"below","name":"Below","partOf":{"reference":"Organization/vip"}}"#,
        )
        .unwrap(),
    ];
    store_all(&store, &hidden).await;
    let normal = Actor { clearance: Clearance::NORMAL, ..Actor::server() };
    let ben = Actor { rows: Rows::Patients(["ben".to_owned()].into()), ..Actor::server() };
    for (text, all, seen_by_normal, seen_by_ben) in [
        ("Organization?partof.name=vip", "below", "", "below"),
        ("Organization?_has:Encounter:service-provider:status=finished", "clinic other", "clinic", ""),
        ("Organization?_has:Patient:organization:gender=female", "clinic", "clinic", ""),
        (
            "Organization?partof:below=trust",
            "below clinic hospital vip",
            "clinic hospital",
            "below clinic hospital vip",
        ),
        ("Patient?_list=vips", "ada", "", ""),
        // A list that is not about the patient is not shown to the patient.
        ("Patient?_list=mine", "ben", "ben", ""),
        ("Patient?_text=chess", "ada", "ada", ""),
        ("Observation?subject.name=ek", "o1", "o1", ""),
        ("Observation?encounter.class=AMB", "o1", "o1", ""),
        ("Observation?code:text=sodium", "o2", "o2", "o2"),
        ("Practitioner?_has:Observation:performer:code:text=serum", "doc", "doc", ""),
    ] {
        let query = query(text);
        for (actor, expected) in [(&Actor::server(), all), (&normal, seen_by_normal), (&ben, seen_by_ben)] {
            let ids: Vec<String> = found(&store, actor, &query).await.into_iter().collect();
            assert_eq!(ids.join(" "), expected, "{text} {:?} {:?}", actor.rows, actor.clearance);
        }
    }
}

/// The audit has no head table: a hop to it finds nothing, and is no internal error.
#[tokio::test]
async fn a_hop_to_the_audit_is_no_internal_error() {
    let client = Client::start().await;
    client.create(r#"{"resourceType":"Patient","name":[{"family":"Berg"}]}"#).await;
    for (path, status) in [
        ("/Patient?_has:AuditEvent:patient:action=C", 200),
        ("/Patient?_revinclude=AuditEvent:patient", 200),
        ("/AuditEvent?action=C", 200),
        ("/AuditEvent/x", 404),
    ] {
        assert_eq!(client.get(path).await.status(), status, "{path}");
    }
    let body = r#"{"query":"{ node(id: \"AuditEvent/x\") { id } }"}"#;
    let url = format!("{}/graphql", client.server.url);
    let request =
        reqwest::Client::new().post(url).bearer_auth(&client.token).header("content-type", "application/json");
    let answer = request.body(body).send().await.unwrap().text().await.unwrap();
    assert!(!answer.contains("INTERNAL"), "{answer}");
}
