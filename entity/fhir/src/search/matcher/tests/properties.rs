//! Over generated resources and searches, the index answers as the matcher does.

use proptest::prelude::*;

use super::*;
use crate::search::extract::{self, Extracted, extract};
use crate::search::key::{Keys, ordered};

/// Answers a clause from index rows alone; the reading that SQL carries out.
struct Index<'a> {
    ty: ResourceType,
    keys: &'a Keys,
    rows: &'a Extracted,
}

impl Index<'_> {
    fn term(&self, term: i64) -> bool {
        self.rows.terms.binary_search(&term).is_ok()
    }

    fn clause(&self, clause: &Clause) -> bool {
        match clause {
            Clause::Missing { param, missing } => self.term(self.keys.term_present(param.code)) != *missing,
            Clause::Param { param, modifier: Modifier::Not, any: operands } => {
                !operands.iter().any(|o| self.operand(param, &Modifier::None, o))
            }
            Clause::Param { param, modifier, any: operands } => {
                operands.iter().any(|o| self.operand(param, modifier, o))
            }
            other => panic!("not generated: {other:?}"),
        }
    }

    fn token(&self, param: &SearchParameter, token: &Token) -> i64 {
        let k = self.keys;
        let value = |v: &str| if extract::folds_case(param) { v.to_lowercase() } else { v.to_owned() };
        match token {
            Token::Code(c) => k.term_code(param.code, &value(c)),
            Token::SystemCode { system, code } => k.term_system_code(param.code, system, &value(code)),
            Token::NoSystemCode(c) => k.term_system_code(param.code, "", &value(c)),
            Token::System(s) => k.term_system(param.code, s),
            Token::OfType { system, code, value: v } => k.term_of_type(param.code, system, code, &value(v)),
        }
    }

    fn ord(&self, param: &SearchParameter, token: &Token) -> Option<bool> {
        let key = match token {
            _ if !extract::is_coded(param) => return None,
            Token::Code(c) => self.keys.ord(self.ty, param.code, None, c),
            Token::SystemCode { system, code } => self.keys.ord(self.ty, param.code, Some(system), code),
            Token::NoSystemCode(c) => self.keys.ord(self.ty, param.code, Some(""), c),
            _ => return None,
        };
        Some(self.rows.ord.binary_search(&key).is_ok())
    }

    fn operand(&self, param: &'static SearchParameter, modifier: &Modifier, operand: &Operand) -> bool {
        let k = self.keys;
        let text = |test: &dyn Fn(&str) -> bool| {
            let key = k.string(self.ty, param.code);
            self.rows.strings.iter().any(|(s, t)| *s == key && test(t))
        };
        match (operand, modifier) {
            (Operand::Token(token), _) => {
                let by_term = self.term(self.token(param, token));
                assert!(self.ord(param, token).is_none_or(|by_ord| by_ord == by_term), "ord and terms differ");
                by_term
            }
            (Operand::String(s), Modifier::None) => text(&|t| t.starts_with(&fold::fold(s))),
            (Operand::String(s), Modifier::Contains) => text(&|t| t.contains(&fold::fold(s))),
            (Operand::String(s), Modifier::Exact) => self.term(k.term_exact(param.code, s)),
            (Operand::Uri(u), Modifier::None) => self.term(k.term_uri(param.code, u)),
            (Operand::Uri(u), Modifier::Below) => {
                text(&|t| t == u || t.starts_with(&format!("{}/", u.trim_end_matches('/'))))
            }
            (Operand::Uri(u), Modifier::Above) => {
                text(&|t| u == t || u.starts_with(&format!("{}/", t.trim_end_matches('/'))))
            }
            (Operand::Reference(reference), _) => match reference {
                ReferenceOperand::Local { types, id, version } => types.iter().any(|t| {
                    let version = version.as_ref().map_or(String::new(), |v| format!("/_history/{v}"));
                    self.term(k.term_reference(param.code, &format!("{t}/{id}{version}")))
                }),
                ReferenceOperand::Absolute(url) => self.term(k.term_reference(param.code, url)),
                ReferenceOperand::Canonical { url, version } => {
                    let version = version.as_ref().map_or(String::new(), |v| format!("|{v}"));
                    self.term(k.term_reference(param.code, &format!("{url}{version}")))
                }
                ReferenceOperand::Identifier(Token::SystemCode { system, code }) => {
                    self.term(k.term_reference_identifier(param.code, system, &code.to_lowercase()))
                }
                ReferenceOperand::Identifier(other) => panic!("not generated: {other:?}"),
            },
            (Operand::Date(d), _) => {
                if registry::primary_date(self.ty) == Some(param.code) {
                    self.rows.ts_hi > i64::MIN && in_rows(self.rows.ts_lo, self.rows.ts_hi, *d)
                } else {
                    let key = k.date(self.ty, param.code);
                    self.rows.dates.iter().any(|(row, lo, hi)| *row == key && in_rows(*lo, *hi, *d))
                }
            }
            (Operand::Number(n), _) => self.values(&[(k.number(self.ty, param.code), *n)]),
            (Operand::Quantity(q), _) => self.values(&self.quantity_keys(param, q)),
            (Operand::Composite(parts), _) => {
                let own = |i: usize| registry::parameter(self.ty, param.components[i].code).unwrap();
                let [Operand::Token(code), second] = &parts[..] else { panic!("not generated") };
                let code = self.token(own(0), code);
                match second {
                    Operand::Quantity(q) => {
                        let keys = self.quantity_keys(own(1), q).into_iter();
                        let keys: Vec<_> =
                            keys.map(|(key, n)| (k.composite(self.ty, param.code, code, key), n)).collect();
                        self.values(&keys)
                    }
                    Operand::Token(t) => self.term(k.term_composite(param.code, &[code, self.token(own(1), t)])),
                    other => panic!("not generated: {other:?}"),
                }
            }
            other => panic!("not generated: {other:?}"),
        }
    }

    fn quantity_keys(&self, param: &SearchParameter, q: &QuantityOperand) -> Vec<(i64, NumberOperand)> {
        let (k, ty, n) = (self.keys, self.ty, q.number);
        match &q.unit {
            Unit::Any => vec![(k.number(ty, param.code), n)],
            Unit::Coded { system, code } => vec![(k.quantity(ty, param.code, system, code), n)],
            Unit::Text(text) => {
                let mut keys = vec![(k.quantity(ty, param.code, "", text), n)];
                if let Some(u) = ucum::canonical(text) {
                    let n = NumberOperand {
                        value: u.to_base(n.value),
                        low: u.to_base(n.low),
                        high: u.to_base(n.high),
                        ..n
                    };
                    keys.push((k.quantity(ty, param.code, ucum::SYSTEM, &u.base), n));
                }
                keys
            }
        }
    }

    fn values(&self, keys: &[(i64, NumberOperand)]) -> bool {
        keys.iter().any(|(key, n)| {
            let row =
                |key: i64, test: &dyn Fn(f64) -> bool| self.rows.quantities.iter().any(|(q, v)| *q == key && test(*v));
            let (low, high) = (self.keys.low_end(*key), self.keys.high_end(*key));
            let range = |test: &dyn Fn(i64, i64) -> bool| {
                let key = self.keys.range(*key);
                self.rows.dates.iter().any(|(r, lo, hi)| *r == key && test(*lo, *hi))
            };
            let within =
                |v: f64| if n.low >= n.high { v.to_bits() == n.value.to_bits() } else { n.low <= v && v < n.high };
            match n.prefix {
                Prefix::Eq => {
                    row(*key, &within)
                        || n.low < n.high && range(&|lo, hi| lo >= ordered(n.low) && hi < ordered(n.high))
                }
                Prefix::Ne => row(*key, &|v| !within(v)) || row(low, &|v| !within(v)) || row(high, &|v| !within(v)),
                Prefix::Gt => row(*key, &|v| v > n.value) || row(high, &|v| v > n.value),
                Prefix::Ge => row(*key, &|v| v >= n.value) || row(high, &|v| v >= n.value),
                Prefix::Lt => row(*key, &|v| v < n.value) || row(low, &|v| v < n.value),
                Prefix::Le => row(*key, &|v| v <= n.value) || row(low, &|v| v <= n.value),
                Prefix::Sa => row(*key, &|v| v > n.value) || row(low, &|v| v > n.value),
                Prefix::Eb => row(*key, &|v| v < n.value) || row(high, &|v| v < n.value),
                Prefix::Ap => {
                    row(*key, &|v| n.low <= v && v <= n.high)
                        || range(&|lo, hi| lo <= ordered(n.high) && hi >= ordered(n.low))
                }
            }
        })
    }
}

/// The SQL of storage.md, row by row.
#[expect(clippy::nonminimal_bool, reason = "the shape of the SQL, sargable half first")]
fn in_rows(lo: i64, hi: i64, d: DateOperand) -> bool {
    let (slo, shi) = (d.low, d.high);
    match d.prefix {
        Prefix::Eq => lo >= slo && hi <= shi,
        Prefix::Ne => !(lo >= slo && hi <= shi),
        Prefix::Gt => hi > shi,
        Prefix::Lt => lo < slo,
        Prefix::Ge => hi > slo && (hi > shi || (lo >= slo && hi <= shi)),
        Prefix::Le => lo < shi && (lo < slo || (lo >= slo && hi <= shi)),
        Prefix::Sa => lo >= shi,
        Prefix::Eb => hi <= slo,
        Prefix::Ap => lo < shi && hi > slo,
    }
}

fn compare(document: &str, ty: ResourceType, name: &str, value: &str) -> Result<(), TestCaseError> {
    let json = Json::parse(document).unwrap();
    let (keys, options) = (Keys::new([9; 16]), Options::default());
    let rows = extract(&json, ty, &keys, &options);
    let index = Index { ty, keys: &keys, rows: &rows };
    for clause in &query(ty, &[(name, value)]).all {
        let expected = matches(&json, ty, clause, &options, &NoLookup).unwrap();
        prop_assert_eq!(index.clause(clause), expected, "{}={} on {}", name, value, document);
    }
    Ok(())
}

/// Two values of one record, one that begins in the interval and one that ends in it, are not a value within it.
#[test]
fn the_ends_of_two_ranges_are_not_taken_for_one_range() {
    let component = |value: &str| format!(r#"{{"code":{{"text":"x"}},"valueQuantity":{{"unit":"mo",{value}}}}}"#);
    let cases = [
        (r#""value":25.05,"comparator":">""#, r#""value":25.25,"comparator":"<=""#),
        (r#""value":25.05,"comparator":"<""#, r#""value":25.25,"comparator":">=""#),
        (r#""value":1"#, r#""value":25.2"#),
    ];
    for (a, b) in cases {
        let components = [component(a), component(b)].join(",");
        let document = format!(
            r#"{{"resourceType":"Observation","status":"final","code":{{"text":"t"}},"component":[{components}]}}"#
        );
        for value in ["25", "ap25", "ap26||mo", "ne25", "ge25.2"] {
            compare(&document, ResourceType::Observation, "component-value-quantity", value).unwrap();
        }
    }
}

fn one_of(options: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    proptest::sample::select(options)
}

fn date() -> impl Strategy<Value = String> {
    (2019..2022u32, 1..13u32, 1..29u32, 0..24u32, 0..5u8).prop_map(|(y, m, d, h, precision)| match precision {
        0 => format!("{y}"),
        1 => format!("{y}-{m:02}"),
        2 => format!("{y}-{m:02}-{d:02}"),
        3 => format!("{y}-{m:02}-{d:02}T{h:02}:00:00Z"),
        _ => format!("{y}-{m:02}-{d:02}T{h:02}:30:00.5+02:00"),
    })
}

fn prefix() -> impl Strategy<Value = &'static str> {
    one_of(&["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"])
}

fn number() -> impl Strategy<Value = String> {
    (0..40i32, one_of(&["", ".0", ".5", ".50", ".25"])).prop_map(|(n, d)| format!("{n}{d}"))
}

fn coding() -> impl Strategy<Value = String> {
    (one_of(&["", "http://a", "http://b"]), one_of(&["", "x", "X", "y"])).prop_map(|(system, code)| {
        let mut members = Vec::new();
        if !system.is_empty() {
            members.push(format!(r#""system":"{system}""#));
        }
        if !code.is_empty() {
            members.push(format!(r#""code":"{code}""#));
        }
        format!("{{{}}}", members.join(","))
    })
}

fn concept() -> impl Strategy<Value = String> {
    prop::collection::vec(coding(), 0..3).prop_map(|c| format!(r#"{{"coding":[{}],"text":"t"}}"#, c.join(",")))
}

fn unit() -> impl Strategy<Value = &'static str> {
    one_of(&[
        "",
        r#","unit":"mg""#,
        r#","unit":"mg","system":"http://unitsofmeasure.org","code":"mg""#,
        r#","unit":"grams","system":"http://unitsofmeasure.org","code":"g""#,
        r#","unit":"x","system":"http://u","code":"mg""#,
        r#","unit":"odd","system":"http://unitsofmeasure.org","code":"odd""#,
    ])
}

fn value_quantity() -> impl Strategy<Value = String> {
    (number(), unit()).prop_map(|(n, unit)| format!(r#"{{"value":{n}{unit}}}"#))
}

fn observation() -> impl Strategy<Value = String> {
    let timing = prop_oneof![
        date().prop_map(|d| format!(r#""effectiveDateTime":"{d}","#)),
        (date(), date()).prop_map(|(a, b)| {
            let (a, b) = if a <= b { (a, b) } else { (b, a) };
            format!(r#""effectivePeriod":{{"start":"{a}","end":"{b}"}},"#)
        }),
        date().prop_map(|d| format!(r#""effectivePeriod":{{"end":"{d}"}},"#)),
        date().prop_map(|d| format!(r#""effectivePeriod":{{"start":"{d}"}},"#)),
        Just(String::new()),
    ];
    let value = prop_oneof![
        value_quantity().prop_map(|q| format!(r#""valueQuantity":{q},"#)),
        concept().prop_map(|c| format!(r#""valueCodeableConcept":{c},"#)),
        date().prop_map(|d| format!(r#""valueDateTime":"{d}","#)),
        Just(r#""valueString":"Ab cd","#.to_owned()),
        Just(String::new()),
    ];
    let component = (concept(), value_quantity()).prop_map(|(c, q)| format!(r#"{{"code":{c},"valueQuantity":{q}}}"#));
    let subject = one_of(&[
        "",
        r#""subject":{"reference":"Patient/1"},"#,
        r#""subject":{"reference":"Group/1/_history/2"},"#,
        r#""subject":{"reference":"http://far/Patient/1"},"#,
        r#""subject":{"identifier":{"system":"http://a","value":"Q"}},"#,
        r##""subject":{"reference":"#c"},"##,
    ]);
    (concept(), timing, value, prop::collection::vec(component, 0..3), subject, one_of(&["final", "amended"])).prop_map(
        |(code, timing, value, components, subject, status)| {
            let components = components.join(",");
            format!(
                r#"{{"resourceType":"Observation",{timing}{value}{subject}"component":[{components}],"code":{code},"status":"{status}"}}"#
            )
        },
    )
}

fn token_value() -> impl Strategy<Value = &'static str> {
    one_of(&["x", "X", "y", "http://a|x", "http://b|y", "|x", "http://a|", "x,y", "final", "z"])
}

fn patient() -> impl Strategy<Value = String> {
    let word = || one_of(&["Müller", "MULLER", "müll", "Straße", "strasse", "O'Hara", "Jean Luc"]);
    (word(), word(), word(), one_of(&["A-1", "a-1", "B"]), one_of(&["", r#""system":"http://a","#, r#""system":"phone","#])).prop_map(
        |(family, given, city, value, system)| {
            format!(
                r#"{{"resourceType":"Patient","meta":{{"profile":["http://a/b|1","http://c"]}},
                "name":[{{"family":"{family}","given":["{given}","{city}"]}}],"address":[{{"city":"{city}","use":"home"}}],
                "identifier":[{{{system}"value":"{value}","type":{{"coding":[{{"system":"http://t","code":"MR"}}]}}}}],
                "telecom":[{{{system}"value":"{value}"}}],"deceasedBoolean":false}}"#
            )
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn tokens(document in observation(), value in token_value(),
              name in one_of(&["code", "combo-code", "component-code", "value-concept", "status", "code:not", "status:not"])) {
        compare(&document, Observation, name, value)?;
    }

    #[test]
    fn presence(document in observation(), value in one_of(&["true", "false"]),
                name in one_of(&["code:missing", "code-value-quantity:missing", "component-code-value-quantity:missing", "subject:missing", "patient:missing", "date:missing", "value-quantity:missing",
                                 "component-code:missing", "value-date:missing", "value-string:missing", "encounter:missing"])) {
        compare(&document, Observation, name, value)?;
    }

    #[test]
    fn dates(document in observation(), prefix in prefix(), value in date(), name in one_of(&["date", "value-date"])) {
        compare(&document, Observation, name, &format!("{prefix}{value}"))?;
    }

    #[test]
    fn quantities(document in observation(), prefix in prefix(), value in number(),
                  unit in one_of(&["", "||mg", "||grams", "||g", "|http://unitsofmeasure.org|g", "|http://unitsofmeasure.org|mg",
                                   "|http://u|mg", "|http://unitsofmeasure.org|odd"]),
                  name in one_of(&["value-quantity", "combo-value-quantity", "component-value-quantity"])) {
        compare(&document, Observation, name, &format!("{prefix}{value}{unit}"))?;
    }

    #[test]
    fn open_quantities(comparator in one_of(&["<", "<=", ">", ">="]), stored in number(),
                       prefix in prefix(), value in number()) {
        let document = format!(r#"{{"resourceType":"Observation","valueQuantity":{{"value":{stored},"comparator":"{comparator}"}}}}"#);
        compare(&document, Observation, "value-quantity", &format!("{prefix}{value}"))?;
    }

    #[test]
    fn numbers(stored in number(), prefix in prefix(), value in number()) {
        let document = format!(r#"{{"resourceType":"RiskAssessment","prediction":[{{"probabilityDecimal":{stored}}}]}}"#);
        compare(&document, ResourceType::RiskAssessment, "probability", &format!("{prefix}{value}"))?;
        let whole = stored.split('.').next().unwrap_or_default();
        let document = format!(r#"{{"resourceType":"MolecularSequence","variant":[{{"start":{whole}}}]}}"#);
        compare(&document, ResourceType::MolecularSequence, "variant-start", &format!("{prefix}{value}"))?;
    }

    #[test]
    fn composites(document in observation(), code in one_of(&["x", "http://a|x", "|y", "X"]), prefix in prefix(), value in number(),
                  unit in one_of(&["", "|http://unitsofmeasure.org|g", "||mg"]),
                  name in one_of(&["code-value-quantity", "combo-code-value-quantity", "component-code-value-quantity"])) {
        compare(&document, Observation, name, &format!("{code}${prefix}{value}{unit}"))?;
        compare(&document, Observation, "code-value-concept", &format!("{code}$x"))?;
    }

    #[test]
    fn references(document in observation(), name in one_of(&["subject", "patient", "subject:Group"]),
                  value in one_of(&["1", "2"])) {
        compare(&document, Observation, name, value)?;
    }

    #[test]
    fn reference_forms(document in observation(),
                       value in one_of(&["Patient/1", "Group/1", "Group/1/_history/2", "Patient/1/_history/1", "http://far/Patient/1"]),
                       logical in one_of(&["http://a|q", "http://a|Q", "http://b|q"])) {
        compare(&document, Observation, "subject", value)?;
        compare(&document, Observation, "subject:identifier", logical)?;
    }

    #[test]
    fn strings_and_identifiers(document in patient(), value in one_of(&["mu", "Müller", "straße", "SS", "luc", "o'hara", "A-1", "b", "x"]),
                               name in one_of(&["name", "name:contains", "name:exact", "family", "given:exact", "address", "address-city:contains",
                                                "identifier", "telecom", "phone", "identifier:not"])) {
        compare(&document, Patient, name, value)?;
        compare(&document, Patient, "identifier", &format!("http://a|{value}"))?;
        compare(&document, Patient, "identifier:of-type", &format!("http://t|MR|{value}"))?;
        compare(&document, Patient, "deceased", "false")?;
    }

    #[test]
    fn uris(document in patient(), name in one_of(&["_profile", "_profile:below", "_profile:above"]),
            value in one_of(&["http://a/b", "http://a/b|1", "http://a", "http://a/", "http://a/b/c", "http://c", "http://c/d", "http://cd"])) {
        compare(&document, Patient, name, value)?;
    }
}
