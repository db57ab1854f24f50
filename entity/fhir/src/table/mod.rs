//! SQL on FHIR: a ViewDefinition and a resource make rows. The view is read once ([`View::read`]) and applied to any number of resources.
//!
//! It knows no store: which resources there are, and who may see them, is decided elsewhere. An element that a path does not find is no
//! mistake; a name that the view itself does not define is.
//!
//! Source: SQL on FHIR v2 (<https://build.fhir.org/ig/FHIR/sql-on-fhir-v2/StructureDefinition-ViewDefinition.html>), with `repeat` and
//! `%rowIndex` of its 2.1 draft.

mod read;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use chrono::{DateTime, FixedOffset};

use crate::path::{Budget, Collection, Context, Expression, Node, Type, Value};
use crate::{Issue, IssueType, Json, ResourceType};

/// Most rows of one resource. Sibling selects multiply.
const MAX_ROWS: usize = 100_000;
/// Steps that all expressions of a view may take together over one resource, about 50 ms.
const STEPS: u64 = 1_000_000;
/// Most nodes that `repeat` visits in one resource.
const MAX_REPEATED: usize = 100_000;

/// A ViewDefinition that can be applied.
#[derive(Debug)]
pub struct View {
    resource: ResourceType,
    constants: Vec<Constant>,
    filters: Vec<Path>,
    select: Vec<Select>,
    columns: Vec<String>,
}

/// Cells in the order of [`View::columns`]; `null` where there is no value.
pub type Row<'a> = Vec<Json<'a>>;

#[derive(Debug)]
struct Constant {
    name: String,
    value: Json<'static>,
    ty: Type,
}

/// An expression and where it stands in the view.
#[derive(Debug)]
struct Path {
    expression: Expression,
    place: String,
}

#[derive(Debug)]
struct Select {
    over: Over,
    columns: Vec<Column>,
    select: Vec<Select>,
    union: Vec<Select>,
}

/// What a select is applied to.
#[derive(Debug)]
enum Over {
    /// The focus itself.
    Focus,
    Each(Path),
    EachOrNull(Path),
    Repeat(Vec<Path>),
}

#[derive(Debug)]
struct Column {
    path: Path,
    many: bool,
    /// The JSON form that the declared type has.
    form: Option<Form>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Boolean,
    Integer,
    Decimal,
    Text,
    Complex,
}

/// What an application of a view depends on beside the resource.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    pub now: DateTime<FixedOffset>,
    /// Our own base url without a slash at the end.
    pub base_url: &'a str,
}

impl View {
    /// The type of the resources that it is about.
    pub fn resource(&self) -> ResourceType {
        self.resource
    }

    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The rows of a resource; none for one of another type or one that a filter leaves out.
    ///
    /// # Errors
    /// One issue that names the place in the view: several values for a column that is no collection, a value that is not of the declared
    /// type, a filter that is no boolean, an expression that fails or costs too much. It holds no value of the resource.
    pub fn rows<'a>(&'a self, resource: &'a Json<'a>, around: Surroundings<'a>) -> Result<Vec<Row<'a>>, Issue> {
        if resource.str_at("resourceType") != Some(self.resource.name()) {
            return Ok(Vec::new());
        }
        let mut context = Context::new(resource);
        context.now = Some(around.now);
        context.base_url = Some(around.base_url);
        context.variables.push((Cow::Borrowed("rowIndex"), Collection::Empty));
        for Constant { name, value, ty } in &self.constants {
            let value = Value::Node(Node::element(Some(value), None, *ty));
            context.variables.push((Cow::Borrowed(name), Collection::One(value)));
        }
        let mut run = Run { context, left: STEPS };
        let root = Some(Value::Node(Node::resource(resource)));
        for filter in &self.filters {
            if !run.holds(filter, &root)? {
                return Ok(Vec::new());
            }
        }
        let mut rows = vec![Vec::new()];
        for select in &self.select {
            rows = product(rows, &run.select(select, &root, 0)?)?;
        }
        Ok(rows)
    }
}

/// Every row on the left with every row on the right.
fn product<'a>(left: Vec<Row<'a>>, right: &[Row<'a>]) -> Result<Vec<Row<'a>>, Issue> {
    if left.len().saturating_mul(right.len()) > MAX_ROWS {
        return Err(too_many());
    }
    let pairs = left.iter().flat_map(|l| right.iter().map(move |r| l.iter().chain(r).cloned().collect()));
    Ok(pairs.collect())
}

fn too_many() -> Issue {
    Issue::error(IssueType::TooCostly, format!("one resource makes more than {MAX_ROWS} rows")).at("ViewDefinition")
}

/// One resource under one view. A focus of `None` stands for the row that `forEachOrNull` makes of nothing.
struct Run<'a> {
    context: Context<'a>,
    /// Steps that all expressions over this resource may still take together.
    left: u64,
}

impl<'a> Run<'a> {
    fn evaluate(&mut self, path: &'a Path, focus: &Option<Value<'a>>, index: i64) -> Result<Collection<'a>, Issue> {
        self.context.focus = focus.clone().into();
        self.context.variables[0].1 = Collection::One(Value::Integer(index));
        self.context.budget.steps = Budget::default().steps.min(self.left);
        let (found, steps) = path.expression.evaluate_counted(&self.context);
        self.left -= steps;
        found.map_err(|e| Issue::error(e.issue_type(), e.to_string()).at(path.place.as_str()))
    }

    fn holds(&mut self, filter: &'a Path, root: &Option<Value<'a>>) -> Result<bool, Issue> {
        let found = self.evaluate(filter, root, 0)?;
        match found.as_slice() {
            [] => Ok(false),
            [one] => match json_of(one) {
                Json::Bool(holds) => Ok(holds),
                _ => Err(Issue::error(IssueType::Invalid, "a filter is a boolean").at(filter.place.as_str())),
            },
            _ => Err(Issue::error(IssueType::Invalid, "a filter is one boolean").at(filter.place.as_str())),
        }
    }

    /// Depth is that of the view, which is bounded when it is read.
    fn select(&mut self, select: &'a Select, focus: &Option<Value<'a>>, index: i64) -> Result<Vec<Row<'a>>, Issue> {
        let found: Vec<Option<Value<'a>>> = match &select.over {
            Over::Focus => return self.at(select, focus, index),
            // Below the row made of nothing, everything is nothing.
            _ if focus.is_none() => vec![None],
            Over::Each(path) => self.evaluate(path, focus, index)?.into_iter().map(Some).collect(),
            Over::EachOrNull(path) => {
                let found = self.evaluate(path, focus, index)?;
                if found.is_empty() { vec![None] } else { found.into_iter().map(Some).collect() }
            }
            Over::Repeat(paths) => self.repeat(paths, focus, index)?,
        };
        let mut rows = Vec::new();
        for (at, item) in found.iter().enumerate() {
            rows.extend(self.at(select, item, at as i64)?);
            if rows.len() > MAX_ROWS {
                return Err(too_many());
            }
        }
        Ok(rows)
    }

    /// What the paths lead to, and on from there: each node before its own.
    fn repeat(
        &mut self,
        paths: &'a [Path],
        focus: &Option<Value<'a>>,
        index: i64,
    ) -> Result<Vec<Option<Value<'a>>>, Issue> {
        let mut open = vec![focus.clone()];
        let mut found = Vec::new();
        let mut is_start = true;
        while let Some(item) = open.pop() {
            let mut next = Vec::new();
            for path in paths {
                next.extend(self.evaluate(path, &item, index)?.into_iter().map(Some));
            }
            open.extend(next.into_iter().rev());
            if !std::mem::take(&mut is_start) {
                found.push(item);
            }
            if found.len() + open.len() > MAX_REPEATED {
                let text = format!("repeat leads to more than {MAX_REPEATED} elements");
                return Err(Issue::error(IssueType::TooCostly, text).at(paths[0].place.as_str()));
            }
        }
        Ok(found)
    }

    /// The rows of a select at one focus: its columns, with every nested select, with the union.
    fn at(&mut self, select: &'a Select, focus: &Option<Value<'a>>, index: i64) -> Result<Vec<Row<'a>>, Issue> {
        let mut row = Vec::with_capacity(select.columns.len());
        for column in &select.columns {
            let found = self.evaluate(&column.path, focus, index)?;
            row.push(column.cell(&found)?);
        }
        let mut rows = vec![row];
        for nested in &select.select {
            let nested = self.select(nested, focus, index)?;
            rows = product(rows, &nested)?;
        }
        if !select.union.is_empty() {
            let mut all = Vec::new();
            for branch in &select.union {
                all.extend(self.select(branch, focus, index)?);
                if focus.is_none() {
                    break;
                }
            }
            rows = product(rows, &all)?;
        }
        Ok(rows)
    }
}

impl Column {
    fn cell<'a>(&self, found: &Collection<'a>) -> Result<Json<'a>, Issue> {
        let values = found.as_slice();
        if self.many {
            return values.iter().map(|v| self.typed(v)).collect::<Result<_, _>>().map(Json::Array);
        }
        match values {
            [] => Ok(Json::Null),
            [one] => self.typed(one),
            several => {
                let text =
                    format!("there are {} values for one cell; say collection, or take the first", several.len());
                Err(Issue::error(IssueType::Invalid, text).at(self.path.place.as_str()))
            }
        }
    }

    fn typed<'a>(&self, value: &Value<'a>) -> Result<Json<'a>, Issue> {
        let json = json_of(value);
        let fits = match (&json, self.form) {
            (_, None) | (Json::Null, _) => true,
            (Json::Bool(_), Some(form)) => form == Form::Boolean,
            (Json::Number(n), Some(form)) => {
                form == Form::Decimal || form == Form::Integer && !n.contains(['.', 'e', 'E'])
            }
            (Json::String(_), Some(form)) => form == Form::Text,
            (Json::Object(_) | Json::Array(_), Some(form)) => form == Form::Complex,
        };
        if fits {
            return Ok(json);
        }
        let text = format!("a value is a {}, which is not of the declared type", value.type_name().1);
        Err(Issue::error(IssueType::Invalid, text).at(self.path.place.as_str()))
    }
}

/// An element as it stands in the document, anything else as JSON writes it.
fn json_of<'a>(value: &Value<'a>) -> Json<'a> {
    match value {
        Value::Node(node) => node.json.cloned().unwrap_or(Json::Null),
        Value::Boolean(b) => Json::Bool(*b),
        Value::Integer(n) => Json::Number(Cow::Owned(n.to_string())),
        Value::Decimal(d) => Json::Number(Cow::Owned(d.to_string())),
        Value::String(s) => Json::String(s.clone()),
        Value::TypeInfo(namespace, name) => Json::String(Cow::Owned(format!("{namespace}.{name}"))),
        Value::Date(_) | Value::DateTime(_) | Value::Time(_) | Value::Quantity(_) => {
            value.text().map_or(Json::Null, Json::from)
        }
    }
}

/// Appends the row as a JSON object.
pub fn write_object(columns: &[String], row: &Row<'_>, out: &mut String) {
    for (at, (name, cell)) in columns.iter().zip(row).enumerate() {
        out.push(if at == 0 { '{' } else { ',' });
        crate::json::write_string(name, out);
        out.push(':');
        cell.write(out);
    }
    out.push('}');
}

/// Appends the row as a CSV record with its line end (RFC 4180); no value is an empty field, an empty text is `""`, what is no single
/// value is its JSON.
pub fn write_csv<'r>(cells: impl IntoIterator<Item = &'r Json<'r>>, out: &mut String) {
    for (at, cell) in cells.into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        match cell {
            Json::Null => {}
            Json::String(text) => csv_text(text, out),
            Json::Bool(_) | Json::Number(_) => cell.write(out),
            Json::Array(_) | Json::Object(_) => csv_text(&cell.to_text(), out),
        }
    }
    out.push_str("\r\n");
}

fn csv_text(text: &str, out: &mut String) {
    if !text.is_empty() && !text.contains(['"', ',', '\r', '\n']) {
        out.push_str(text);
        return;
    }
    out.push('"');
    for c in text.chars() {
        if c == '"' {
            out.push('"');
        }
        out.push(c);
    }
    out.push('"');
}
