//! Random searches.

use std::fmt::Write as _;

use super::dice::Dice;
use super::naive::{self, Kind, PARAMETERS, Parameter, World};
use super::sample::{self, CODES, STATUSES, SYSTEMS, TYPES, UNITS, URLS, WORDS};
use super::value::UCUM;

pub struct Ask {
    pub ty: String,
    /// Name with chain and modifier, and value; all have to hold.
    pub conditions: Vec<(String, String)>,
    /// Codes, and whether descending.
    pub sort: Vec<(&'static str, bool)>,
    pub includes: Vec<(&'static str, String)>,
    /// Page size of a walk beside the one large page.
    pub page: Option<usize>,
}

impl Ask {
    fn pairs(&self) -> Vec<(String, String)> {
        let mut pairs = self.conditions.clone();
        pairs.extend(self.includes.iter().map(|(name, path)| ((*name).to_owned(), path.clone())));
        if !self.sort.is_empty() {
            let keys = self.sort.iter().map(|(code, down)| format!("{}{code}", if *down { "-" } else { "" }));
            pairs.push(("_sort".into(), keys.collect::<Vec<_>>().join(",")));
        }
        pairs
    }

    pub fn path(&self) -> String {
        let pairs = self.pairs().into_iter().map(|(name, value)| format!("{}={}", encoded(&name), encoded(&value)));
        format!("{}?{}", self.ty, pairs.collect::<Vec<_>>().join("&"))
    }

    pub fn readable(&self) -> String {
        let pairs: Vec<String> = self.pairs().into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{}?{}", self.ty, pairs.join("&"))
    }
}

fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' => out.push(byte.into()),
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if [',', '|', '$', '\\'].contains(&c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

pub fn random(dice: &mut Dice, world: &World) -> Ask {
    let ty = if dice.chance(40) { "Observation" } else { dice.pick(&TYPES) };
    let conditions = (0..dice.pick(&[1, 1, 1, 2, 2, 3, 0])).map(|_| condition(dice, world, ty, 0)).collect();
    let mut sort: Vec<(&str, bool)> = Vec::new();
    if dice.chance(35) {
        for _ in 0..=dice.below(2) {
            let code = sortable(dice, ty);
            if sort.iter().all(|(c, _)| *c != code) {
                sort.push((code, dice.chance(50)));
            }
        }
    }
    let mut includes = Vec::new();
    if dice.chance(12) {
        let own: Vec<&Parameter> = references().filter(|p| p.0 == ty).collect();
        let others: Vec<&Parameter> = references().filter(|p| p.4.contains(&ty)).collect();
        if !own.is_empty() && dice.chance(60) {
            includes.push(("_include", format!("{ty}:{}", dice.pick(&own).1)));
        }
        if !others.is_empty() && dice.chance(60) {
            let p = dice.pick(&others);
            includes.push(("_revinclude", format!("{}:{}", p.0, p.1)));
        }
    }
    let page = dice.chance(15).then(|| dice.pick(&[2, 5, 11]));
    Ask { ty: ty.to_owned(), conditions, sort, includes, page }
}

fn references() -> impl Iterator<Item = &'static Parameter> {
    PARAMETERS.iter().filter(|p| p.2 == Kind::Reference)
}

fn sortable(dice: &mut Dice, ty: &str) -> &'static str {
    let simple = |p: &&Parameter| match p.2 {
        Kind::String | Kind::Uri | Kind::Date | Kind::Number | Kind::Quantity => true,
        Kind::Code => ["_id", "status", "gender", "intent"].contains(&p.1),
        _ => false,
    };
    let all: Vec<&Parameter> = PARAMETERS.iter().filter(|p| p.0 == ty || p.0 == "*").filter(simple).collect();
    dice.pick(&all).1
}

fn condition(dice: &mut Dice, world: &World, ty: &str, depth: usize) -> (String, String) {
    if depth < 3 && dice.chance(12) {
        let others: Vec<&Parameter> = references().filter(|p| p.4.contains(&ty)).collect();
        if !others.is_empty() {
            let back = dice.pick(&others);
            let (name, value) = condition(dice, world, back.0, depth + 1);
            return (format!("_has:{}:{}:{name}", back.0, back.1), value);
        }
    }
    if depth < 3 && dice.chance(15) {
        let own: Vec<&Parameter> = references().filter(|p| p.0 == ty).collect();
        if !own.is_empty() {
            let hop = dice.pick(&own);
            let target = dice.pick(hop.4);
            let (name, value) = condition(dice, world, target, depth + 1);
            let next = name.split([':', '.']).next().unwrap();
            // A reverse chain is of one type only, and a value has to be readable by every type that has the parameter.
            let alone = hop.4.len() == 1
                || (next != "_has" && !hop.4.iter().any(|t| *t != target && naive::parameter(t, next).is_some()));
            let narrowed = if alone && dice.chance(40) { String::new() } else { format!(":{target}") };
            return (format!("{}{narrowed}.{name}", hop.1), value);
        }
    }
    let all: Vec<&Parameter> = PARAMETERS.iter().filter(|p| p.0 == ty || (p.0 == "*" && dice.chance(20))).collect();
    let parameter = dice.pick(&all);
    let (code, kind) = (parameter.1, parameter.2);
    if kind != Kind::Flag && dice.chance(10) {
        return (format!("{code}:missing"), dice.pick(&["true", "false"]).into());
    }
    let modifier = match kind {
        Kind::String => dice.pick(&["", "", ":exact", ":contains"]),
        Kind::Code if code == "_id" => "",
        Kind::Code if ["code", "category", "type", "class"].contains(&code) => dice.pick(&["", "", ":not", ":text"]),
        Kind::Code | Kind::Contact => dice.pick(&["", "", ":not"]),
        Kind::Identifier => dice.pick(&["", "", ":not", ":of-type", ":text"]),
        Kind::Reference if dice.chance(10) => ":identifier",
        Kind::Uri => dice.pick(&["", ":below", ":above"]),
        _ => "",
    };
    // `ne` among alternatives, negation and the like are still one question per value.
    let several = if dice.chance(25) { 2 + dice.below(2) } else { 1 };
    let mut values: Vec<String> = (0..several).map(|_| value(dice, world, parameter, modifier)).collect();
    // Among so many codes that the server looks for them in another way.
    if matches!(code, "code" | "category" | "type" | "class") && ["", ":not"].contains(&modifier) && dice.chance(20) {
        values.extend((0..25 + dice.below(20)).map(|n| format!("urn:set|n{n}")));
    }
    (format!("{code}{modifier}"), values.join(","))
}

fn prefix(dice: &mut Dice) -> &'static str {
    dice.pick(&["", "", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"])
}

fn value(dice: &mut Dice, world: &World, parameter: &Parameter, modifier: &str) -> String {
    let Parameter(_, code, kind, paths, targets) = parameter;
    match (kind, modifier) {
        (Kind::String, _) | (_, ":text") => {
            let word = dice.pick(&WORDS);
            let all: Vec<char> = word.chars().collect();
            let from = if modifier == ":contains" { dice.below(all.len()) } else { 0 };
            let to = if dice.chance(40) { all.len() } else { from + 1 + dice.below(all.len() - from) };
            let part: String = all[from..to].iter().collect();
            escaped(&match dice.below(3) {
                0 => part.to_lowercase(),
                1 => part.to_uppercase(),
                _ => part,
            })
        }
        (_, ":of-type") => {
            format!("urn:type|{}|{}", dice.pick(&["MR", "SS"]), escaped(dice.pick(&["A-1", "b 2", "c|3"])))
        }
        (Kind::Reference, ":identifier") | (Kind::Identifier, _) => tokens(dice, &["A-1", "a-1", "B 2", "c|3"]),
        (Kind::Contact, _) => escaped(dice.pick(&["555", "x@Y.org", "none"])),
        (Kind::Flag, _) => dice.pick(&["true", "false"]).into(),
        (Kind::Code, _) => match *code {
            "_id" => {
                let document = dice.pick(&world.documents);
                document["id"].as_str().unwrap().to_owned()
            }
            "status" if parameter.0 == "Observation" => dice.pick(&STATUSES).into(),
            "status" => dice.pick(&["active", "finished", "completed", "booked", "planned", "draft"]).into(),
            "gender" => dice.pick(&["male", "female", "|other", "MALE"]).into(),
            "active" => dice.pick(&["true", "false"]).into(),
            "address-use" => dice.pick(&["home", "work"]).into(),
            "intent" => dice.pick(&["order", "plan"]).into(),
            "clinical-status" => dice
                .pick(&["active", "recurrence", "http://terminology.hl7.org/CodeSystem/condition-clinical|active"])
                .into(),
            "version" => dice.pick(&["1", "2"]).into(),
            _ => tokens(dice, &CODES),
        },
        (Kind::Reference, _) => {
            let ty = dice.pick(targets);
            let id = sample::id(ty, dice.below(26));
            match dice.below(8) {
                0 | 1 => id,
                2 => format!("{}/{ty}/{id}", world.base),
                3 => format!("{ty}/{id}/_history/1"),
                4 => format!("http://far.org/fhir/{ty}/{id}"),
                _ => format!("{ty}/{id}"),
            }
        }
        (Kind::Uri, _) => escaped(&format!(
            "{}{}",
            dice.pick(&URLS),
            if modifier.is_empty() { dice.pick(&["", "", "|1", "/"]) } else { "" }
        )),
        (Kind::Date, _) => {
            let text = match dice.below(8) {
                0 => format!("{}-03-05T10:30Z", 2019 + dice.below(3)),
                _ => sample::date(dice),
            };
            format!("{}{text}", prefix(dice))
        }
        (Kind::Number, _) => format!("{}{}", prefix(dice), sample::number(dice)),
        (Kind::Quantity, _) => {
            let (number, unit) = (sample::number(dice), dice.pick(&UNITS));
            let unit = match dice.below(6) {
                0 => String::new(),
                1 => format!("||{unit}"),
                2 => dice.pick(&["||pieces", "|urn:units|mg"]).to_owned(),
                _ => format!("|{UCUM}|{unit}"),
            };
            format!("{}{number}{unit}", prefix(dice))
        }
        (Kind::Composite, _) => {
            let parts: Vec<String> = paths
                .split(';')
                .skip(1)
                .map(|part| {
                    let own = naive::parameter("Observation", part.split_once(':').unwrap().1).unwrap();
                    value(dice, world, own, "")
                })
                .collect();
            parts.join("$")
        }
    }
}

fn tokens(dice: &mut Dice, codes: &[&str]) -> String {
    let code = escaped(dice.pick(codes));
    match dice.below(8) {
        0 => format!("{}|", dice.pick(&SYSTEMS)),
        1 => format!("|{code}"),
        2 => format!("urn:component|{code}"),
        3 | 4 => code,
        _ => format!("{}|{code}", dice.pick(&SYSTEMS)),
    }
}
