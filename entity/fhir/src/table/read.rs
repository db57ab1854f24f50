//! A ViewDefinition as a document becomes a [`View`], or issues that name the places.

use std::collections::HashSet;

use super::{Column, Constant, Form, Over, Path, Select, View};
use crate::path::{Expression, Type};
use crate::{Issue, IssueType, Json, ResourceType};

/// Deepest nesting of selects.
const MAX_DEPTH: usize = 16;
/// Most columns of a row.
const MAX_COLUMNS: usize = 1000;

/// What a ViewDefinition says about itself; nothing of it changes the rows.
const ABOUT: [&str; 27] = [
    "resourceType",
    "id",
    "meta",
    "implicitRules",
    "language",
    "text",
    "contained",
    "extension",
    "url",
    "identifier",
    "version",
    "versionAlgorithmString",
    "versionAlgorithmCoding",
    "name",
    "title",
    "status",
    "experimental",
    "date",
    "publisher",
    "contact",
    "description",
    "useContext",
    "jurisdiction",
    "purpose",
    "copyright",
    "copyrightLabel",
    "profile",
];

impl View {
    /// Reads a view. Everything that changes its rows is understood, or refused.
    ///
    /// # Errors
    /// An issue for each mistake, at its place, such as `ViewDefinition.select[0].column[1].path`.
    pub fn read(document: &Json<'_>) -> Result<View, Vec<Issue>> {
        let mut reader = Reader { issues: Vec::new(), constants: HashSet::new() };
        let place = "ViewDefinition";
        let own = ["resource", "fhirVersion", "constant", "select", "where"];
        reader.members(document, place, &[&ABOUT[..], &own[..]].concat());
        let resource = match document.get("resource") {
            None => {
                reader.refuse(IssueType::Required, "a view names the type of its resources", "ViewDefinition.resource");
                None
            }
            Some(name) => {
                let found = name.as_str().and_then(ResourceType::named).filter(|t| *t != ResourceType::ViewDefinition);
                if found.is_none() {
                    reader.refuse(IssueType::CodeInvalid, "no resource type of R4", "ViewDefinition.resource");
                }
                found
            }
        };
        let versions = document.get("fhirVersion").map_or(&[][..], Json::items);
        if !versions.is_empty() && !versions.iter().any(|v| v.as_str().is_some_and(|v| v.starts_with("4.0"))) {
            reader.refuse(IssueType::NotSupported, "the resources here are FHIR 4.0", "ViewDefinition.fhirVersion");
        }
        let constants: Vec<Constant> = reader
            .each(document, place, "constant")
            .into_iter()
            .filter_map(|(c, at)| reader.constant(c, &at))
            .collect();
        let filters = reader.each(document, place, "where").into_iter().filter_map(|(filter, at)| {
            reader.members(filter, &at, &["path", "description"]);
            reader.path(filter, &at, "path")
        });
        let filters: Vec<Path> = filters.collect();
        let (select, columns) = reader.selects(document, place, "select", 0);
        if document.get("select").is_none() {
            reader.refuse(IssueType::Required, "a view selects something", "ViewDefinition.select");
        }
        let mut names = HashSet::new();
        if let Some(twice) = columns.iter().find(|name| !names.insert(*name)) {
            reader.refuse(IssueType::Duplicate, &format!("two columns are called {twice}"), "ViewDefinition.select");
        }
        if columns.len() > MAX_COLUMNS {
            let text = format!("a view has at most {MAX_COLUMNS} columns");
            reader.refuse(IssueType::TooCostly, &text, "ViewDefinition.select");
        }
        match resource {
            Some(resource) if reader.issues.is_empty() => Ok(View { resource, constants, filters, select, columns }),
            _ => Err(reader.issues),
        }
    }
}

struct Reader {
    issues: Vec<Issue>,
    constants: HashSet<String>,
}

impl Reader {
    fn refuse(&mut self, code: IssueType, text: &str, place: &str) {
        self.issues.push(Issue::error(code, text).at(place));
    }

    /// Refuses members that nobody reads.
    fn members(&mut self, of: &Json<'_>, place: &str, known: &[&str]) {
        let Some(object) = of.as_object() else {
            return self.refuse(IssueType::Structure, "an object was expected", place);
        };
        for (name, _) in object.iter() {
            let bare = name.strip_prefix('_').unwrap_or(name);
            if !known.contains(&bare) && !matches!(bare, "id" | "extension") {
                let text = format!("\"{name}\" is no element here that is understood");
                self.refuse(IssueType::Structure, &text, place);
            }
        }
    }

    /// The items of a repeating member, each with its place.
    fn each<'d>(&mut self, of: &'d Json<'d>, place: &str, name: &str) -> Vec<(&'d Json<'d>, String)> {
        match of.get(name) {
            None => Vec::new(),
            Some(Json::Array(items)) if !items.is_empty() => {
                items.iter().enumerate().map(|(i, item)| (item, format!("{place}.{name}[{i}]"))).collect()
            }
            Some(_) => {
                self.refuse(IssueType::Structure, "an array with items was expected", &format!("{place}.{name}"));
                Vec::new()
            }
        }
    }

    /// The name of a column or a constant: what any database takes.
    fn name(&mut self, of: &Json<'_>, place: &str) -> Option<String> {
        let place = format!("{place}.name");
        let Some(name) = of.str_at("name") else {
            self.refuse(IssueType::Required, "there is no name", &place);
            return None;
        };
        let fits = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && name.len() <= 255;
        if !fits {
            self.refuse(IssueType::Value, "a name is letters, digits and _, a letter first", &place);
            return None;
        }
        Some(name.to_owned())
    }

    fn constant(&mut self, of: &Json<'_>, place: &str) -> Option<Constant> {
        let name = self.name(of, place);
        let values = of
            .as_object()
            .into_iter()
            .flat_map(super::super::json::Object::iter)
            .filter(|(member, _)| member.starts_with("value"));
        let values: Vec<(&str, &Json<'_>)> = values.collect();
        let [(member, value)] = values[..] else {
            self.refuse(IssueType::Required, "a constant has one value", place);
            return None;
        };
        self.members(of, place, &["name", member]);
        let place = format!("{place}.{member}");
        let mut of_type = member["value".len()..].to_owned();
        if let Some(first) = of_type.get_mut(..1) {
            first.make_ascii_lowercase();
        }
        let ty = if of_type == "integer64" { Type::named("integer") } else { Type::named(&of_type) };
        let Some(ty) = ty.filter(|ty| ty.primitive().is_some()) else {
            self.refuse(IssueType::Structure, "a constant is of a primitive type", &place);
            return None;
        };
        let fits = match (value, form(&of_type)) {
            (Json::Bool(_), form) => form == Form::Boolean,
            (Json::Number(n), Form::Integer) => !n.contains(['.', 'e', 'E']),
            (Json::Number(_), form) => form == Form::Decimal,
            (Json::String(s), form) => form == Form::Text && !s.is_empty(),
            _ => false,
        };
        if !fits {
            self.refuse(IssueType::Value, "the value is not of its type", &place);
            return None;
        }
        let name = name?;
        if name == "rowIndex" || !self.constants.insert(name.clone()) {
            self.refuse(IssueType::Duplicate, &format!("%{name} is defined already"), &place);
            return None;
        }
        Some(Constant { name, value: value.clone().into_owned(), ty })
    }

    fn path(&mut self, of: &Json<'_>, place: &str, name: &str) -> Option<Path> {
        let place = format!("{place}.{name}");
        if let Some(text) = of.get(name) {
            self.expression(text, place)
        } else {
            self.refuse(IssueType::Required, "there is no expression", &place);
            None
        }
    }

    fn expression(&mut self, text: &Json<'_>, place: String) -> Option<Path> {
        let Some(text) = text.as_str() else {
            self.refuse(IssueType::Structure, "an expression is a string", &place);
            return None;
        };
        let expression = match Expression::parse_user(text) {
            Ok(expression) => expression,
            Err(error) => {
                self.refuse(error.issue_type(), &error.to_string(), &place);
                return None;
            }
        };
        let mut names = Vec::new();
        expression.root().variables(&mut names);
        let unknown = names.into_iter().find(|name| {
            !self.constants.contains(*name)
                && !matches!(*name, "rowIndex" | "context" | "resource" | "rootResource" | "ucum" | "sct" | "loinc")
                && !name.starts_with("vs-")
                && !name.starts_with("ext-")
        });
        if let Some(name) = unknown {
            self.refuse(IssueType::Invalid, &format!("the constant %{name} is not defined"), &place);
            return None;
        }
        Some(Path { expression, place })
    }

    /// The selects of a member, and the columns they make.
    fn selects(&mut self, of: &Json<'_>, place: &str, name: &str, depth: usize) -> (Vec<Select>, Vec<String>) {
        let (mut all, mut columns) = (Vec::new(), Vec::new());
        for (item, at) in self.each(of, place, name) {
            if let Some((select, own)) = self.select(item, &at, depth) {
                columns.extend(own);
                all.push(select);
            }
        }
        (all, columns)
    }

    fn select(&mut self, of: &Json<'_>, place: &str, depth: usize) -> Option<(Select, Vec<String>)> {
        if depth >= MAX_DEPTH {
            self.refuse(IssueType::TooCostly, &format!("selects are nested at most {MAX_DEPTH} deep"), place);
            return None;
        }
        let known = ["column", "select", "unionAll", "forEach", "forEachOrNull", "repeat"];
        self.members(of, place, &known);
        let over = ["forEach", "forEachOrNull", "repeat"];
        if over.iter().filter(|name| of.get(name).is_some()).count() > 1 {
            self.refuse(IssueType::Invalid, "forEach, forEachOrNull and repeat exclude each other", place);
            return None;
        }
        let over = if of.get("forEach").is_some() {
            self.path(of, place, "forEach").map(Over::Each)
        } else if of.get("forEachOrNull").is_some() {
            self.path(of, place, "forEachOrNull").map(Over::EachOrNull)
        } else if of.get("repeat").is_some() {
            let paths = self.each(of, place, "repeat");
            let paths: Vec<Path> = paths.into_iter().filter_map(|(text, at)| self.expression(text, at)).collect();
            (!paths.is_empty()).then_some(Over::Repeat(paths))
        } else {
            Some(Over::Focus)
        };
        let mut names = Vec::new();
        let mut columns = Vec::new();
        for (column, at) in self.each(of, place, "column") {
            if let Some((name, column)) = self.column(column, &at) {
                names.push(name);
                columns.push(column);
            }
        }
        let (select, nested) = self.selects(of, place, "select", depth + 1);
        names.extend(nested);
        let mut union: Vec<Select> = Vec::new();
        let mut of_union: Option<Vec<String>> = None;
        for (branch, at) in self.each(of, place, "unionAll") {
            let Some((branch, own)) = self.select(branch, &at, depth + 1) else { continue };
            match &of_union {
                Some(first) if *first != own => {
                    let text = "the branches of unionAll have the same columns in the same order";
                    self.refuse(IssueType::Invalid, text, &at);
                }
                _ => of_union = Some(own),
            }
            union.push(branch);
        }
        names.extend(of_union.unwrap_or_default());
        if ["column", "select", "unionAll"].iter().all(|name| of.get(name).is_none()) {
            self.refuse(IssueType::Required, "a select has columns, selects or a union", place);
        }
        Some((Select { over: over?, columns, select, union }, names))
    }

    fn column(&mut self, of: &Json<'_>, place: &str) -> Option<(String, Column)> {
        self.members(of, place, &["name", "path", "description", "collection", "type", "tag"]);
        let name = self.name(of, place);
        let path = self.path(of, place, "path");
        let many = match of.get("collection") {
            None => false,
            Some(Json::Bool(many)) => *many,
            Some(_) => {
                self.refuse(IssueType::Structure, "a boolean was expected", &format!("{place}.collection"));
                false
            }
        };
        let form = match of.get("type") {
            None => None,
            Some(declared) => {
                let name = declared.as_str().map(bare_type);
                let found =
                    name.as_deref().filter(|name| Type::named(name).is_some() || *name == "integer64").map(form);
                if found.is_none() {
                    self.refuse(IssueType::CodeInvalid, "no data type of R4", &format!("{place}.type"));
                }
                found
            }
        };
        Some((name?, Column { path: path?, many, form }))
    }
}

/// The name of a type that may be given as a url.
fn bare_type(declared: &str) -> String {
    if let Some(system) = declared.strip_prefix("http://hl7.org/fhirpath/System.") {
        let mut name = system.to_owned();
        if let Some(first) = name.get_mut(..1) {
            first.make_ascii_lowercase();
        }
        return if name == "quantity" { "Quantity".to_owned() } else { name };
    }
    declared.strip_prefix("http://hl7.org/fhir/StructureDefinition/").unwrap_or(declared).to_owned()
}

fn form(name: &str) -> Form {
    match name {
        "boolean" => Form::Boolean,
        "integer" | "positiveInt" | "unsignedInt" | "integer64" => Form::Integer,
        "decimal" => Form::Decimal,
        _ if Type::named(name).is_some_and(|ty| ty.primitive().is_some()) => Form::Text,
        _ => Form::Complex,
    }
}
