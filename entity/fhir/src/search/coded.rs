//! `:in`, `:not-in`, `:above` and `:below` of tokens: the codes that an operand stands for. The index and the matcher ask here alike.

use super::element_path;
use super::query::{Modifier, Operand, Token};
use super::registry::{Kind, SearchParameter};
use crate::terminology::{Library, MAX_EXPANSION, Trouble, ValueSet, Wanted};

/// Whether a condition is about codes that a code system or value set tells.
pub fn is_coded_by_terminology(param: &SearchParameter, modifier: &Modifier) -> bool {
    param.kind == Kind::Token && matches!(modifier, Modifier::In | Modifier::NotIn | Modifier::Above | Modifier::Below)
}

/// What has to be known to answer an operand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Needed {
    /// Canonical url, or the place of a resource (`ValueSet/x`).
    Set(String),
    System(String),
}

/// What an operand of such a condition needs.
///
/// # Errors
/// [`Trouble::Invalid`] for a code without its system.
pub fn needed(param: &SearchParameter, operand: &Operand) -> Result<Needed, Trouble> {
    match operand {
        Operand::Uri(set) => Ok(Needed::Set(set.clone())),
        Operand::Token(Token::SystemCode { system, .. }) => Ok(Needed::System(system.clone())),
        _ => Err(Trouble::Invalid(format!("what is above or below a code of {} needs system|code", param.code))),
    }
}

/// The tokens any of which a resource must have. `set` is the set that [`Needed::Set`] named.
///
/// # Errors
/// [`Trouble`] says which system, set or code is not known, or that there are too many codes.
pub fn tokens(
    param: &SearchParameter,
    modifier: &Modifier,
    operand: &Operand,
    set: Option<&ValueSet>,
    library: &Library,
) -> Result<Vec<Token>, Trouble> {
    let types = element_path::value_types(param);
    let codes_only = !types.is_empty() && types.iter().all(|t| t.name() == "code");
    if !codes_only && !super::extract::is_coded(param) {
        return Err(Trouble::NotSupported(format!("{} of {} has no codes of a system", param.code, param.base)));
    }
    let token = |system: Option<&str>, code: &str| match system {
        Some(system) if !codes_only => Token::SystemCode { system: system.to_owned(), code: code.to_owned() },
        _ if codes_only => Token::Code(code.to_owned()),
        _ => Token::NoSystemCode(code.to_owned()),
    };
    let all: Vec<Token> = match needed(param, operand)? {
        Needed::Set(name) => {
            let set = set.ok_or_else(|| Trouble::NotFound(format!("the value set {name} is not known here")))?;
            let wanted = Wanted { count: Some(MAX_EXPANSION), ..Wanted::default() };
            let expansion = library.expand(set, &wanted)?;
            if expansion.total > MAX_EXPANSION {
                return Err(too_many(&name));
            }
            expansion.hits.iter().map(|h| token(h.system, h.code)).collect()
        }
        Needed::System(url) => {
            let Operand::Token(Token::SystemCode { code, .. }) = operand else { return Ok(Vec::new()) };
            let system = library
                .code_system(&url)
                .ok_or_else(|| Trouble::NotFound(format!("the code system {url} is not known here")))?;
            if !system.complete {
                return Err(Trouble::NotSupported(format!("the codes of {url} are not all known here")));
            }
            // A code the system does not have is above and below nothing but itself.
            let Some(number) = system.find(code) else { return Ok(vec![token(Some(&url), code)]) };
            let related = if *modifier == Modifier::Below { system.below(number) } else { system.above(number) };
            if related.len() > MAX_EXPANSION {
                return Err(too_many(code));
            }
            related.into_iter().map(|n| token(Some(&url), &system.concept(n).code)).collect()
        }
    };
    Ok(all)
}

fn too_many(what: &str) -> Trouble {
    Trouble::TooCostly(format!("{what} stands for more than {MAX_EXPANSION} codes"))
}
