//! `$validate`: <https://hl7.org/fhir/R4/resource-operation-validate.html>. The answer is an OperationOutcome with status 200, whatever it
//! says of the resource; only a request that cannot be read is refused.

use axum::body::Body;
use axum::extract::{Path, State as Extract};
use entity::StoreError;
use entity::role::Interaction;
use entity::store::{Act, Lookup, Plan, Stored, Write};
use fhir::outcome::operation_outcome;
use fhir::validate::profile::Profiles;
use fhir::validate::validate;
use fhir::{Issue, IssueType, Json, ResourceType, document};
use http::{HeaderMap, StatusCode, Uri};

use super::{Failure, RESOURCE_LIMIT, Response, State, body, json, parameters, resource_type};
use crate::auth::Caller;

/// `POST /{type}/$validate`
pub(super) async fn of_type(
    Extract(state): Extract<State>,
    caller: Caller,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    let resource_type = resource_type(&name)?;
    let mut asked = Asked::of_query(&uri)?;
    let text = body(&headers, content, RESOURCE_LIMIT).await?;
    let resource = asked.read(&text, resource_type)?;
    let Some(resource) = resource else {
        return Err(Failure::bad("there is no resource to validate; an instance is validated at its own $validate"));
    };
    if asked.mode == Some(Mode::Delete) {
        return Err(Failure::bad("mode delete asks about a stored resource: use its own $validate"));
    }
    Ok(answer(&asked.issues(&state, &caller, resource_type, None, &resource).await?))
}

/// `GET /{type}/{id}/$validate` for the stored resource, `POST` for one that is to take its place.
pub(super) async fn of_instance(
    Extract(state): Extract<State>,
    caller: Caller,
    Path((name, id)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    let resource_type = resource_type(&name)?;
    let mut asked = Asked::of_query(&uri)?;
    let stored = match state.store.read(&caller.actor, resource_type, &id).await? {
        Lookup::Found(stored) => stored.body,
        Lookup::Deleted { .. } => return Err(StoreError::Gone { resource_type, id }.into()),
        Lookup::Absent => return Err(StoreError::NotFound { resource_type, id }.into()),
    };
    let has_body = headers.contains_key(http::header::CONTENT_TYPE);
    let text = if has_body { body(&headers, content, RESOURCE_LIMIT).await? } else { String::new() };
    let given = if has_body { asked.read(&text, resource_type)? } else { None };
    let resource = match given {
        Some(resource) => resource,
        None => Json::parse(&stored).map_err(|_| StoreError::Internal("a stored body is no JSON".into()))?,
    };
    let issues = asked.issues(&state, &caller, resource_type, Some(&id), &resource).await?;
    Ok(answer(&issues))
}

/// What there is to say of a resource as it is stored.
pub(super) async fn of_stored(state: &State, caller: &Caller, stored: &Stored) -> Result<Vec<Issue>, Failure> {
    let document = Json::parse(&stored.body).map_err(|_| StoreError::Internal("a stored body is no JSON".into()))?;
    Asked::default().issues(state, caller, stored.resource_type, Some(&stored.id), &document).await
}

fn answer(issues: &[Issue]) -> Response {
    json(StatusCode::OK, operation_outcome(issues))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Create,
    Update,
    Delete,
}

#[derive(Default)]
struct Asked {
    mode: Option<Mode>,
    profiles: Vec<String>,
}

impl Asked {
    fn of_query(uri: &Uri) -> Result<Self, Failure> {
        let mut asked = Self::default();
        for (name, value) in parameters(uri, &["mode", "profile"])? {
            asked.take(&name, &value)?;
        }
        Ok(asked)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), Failure> {
        if name == "profile" {
            self.profiles.push(value.to_owned());
            return Ok(());
        }
        let mode = match value {
            "create" => Mode::Create,
            "update" => Mode::Update,
            "delete" => Mode::Delete,
            _ => return Err(refused(IssueType::NotSupported, "mode is create, update or delete".into())),
        };
        if self.mode.replace(mode).is_some() {
            return Err(Failure::bad("mode is given twice"));
        }
        Ok(())
    }

    /// The resource in a body: the body itself, or the parameter `resource`.
    fn read<'t>(&mut self, text: &'t str, resource_type: ResourceType) -> Result<Option<Json<'t>>, Failure> {
        let parsed = Json::parse(text).ok();
        let is_parameters = parsed.as_ref().and_then(|d| d.str_at("resourceType")) == Some("Parameters");
        let Some(Json::Object(mut parameters)) = parsed.filter(|_| is_parameters) else {
            let object = document::read(text, resource_type)
                .map_err(|issue| Failure::Status(StatusCode::BAD_REQUEST, vec![issue]))?;
            return Ok(Some(Json::Object(object)));
        };
        let mut resource = None;
        let given = match parameters.remove("parameter") {
            None => Vec::new(),
            Some(Json::Array(items)) => items,
            Some(_) => return Err(refused(IssueType::Structure, "Parameters.parameter is an array".into())),
        };
        for (i, mut item) in given.into_iter().enumerate() {
            let place = format!("Parameters.parameter[{i}]");
            let value = ["valueCode", "valueString", "valueUri", "valueCanonical", "valueUrl"];
            let value = value.iter().find_map(|name| item.str_at(name)).map(ToOwned::to_owned);
            match (item.str_at("name"), value) {
                (Some("resource"), _) => {
                    let found = item.as_object_mut().and_then(|o| o.remove("resource"));
                    let Some(found) = found else {
                        return Err(refused(IssueType::Required, format!("{place} has no resource")));
                    };
                    let other = found.str_at("resourceType").is_some_and(|name| name != resource_type.name());
                    if other {
                        let text = format!("{place}.resource is no {resource_type}");
                        return Err(refused(IssueType::Invalid, text));
                    }
                    resource = Some(found);
                }
                (Some(name @ ("mode" | "profile")), Some(value)) => self.take(name, &value)?,
                (Some("mode" | "profile"), None) => {
                    return Err(refused(IssueType::Required, format!("{place} has no value")));
                }
                (Some(_), _) => {
                    return Err(refused(IssueType::NotSupported, format!("{place} is no parameter of $validate")));
                }
                (None, _) => return Err(refused(IssueType::Required, format!("{place} has no name"))),
            }
        }
        Ok(resource)
    }

    /// What the profiles say that are asked for, and those that the resource claims. One that is asked for and not loaded is refused.
    async fn conformance(
        &self,
        state: &State,
        caller: &Caller,
        resource_type: ResourceType,
        resource: &Json<'_>,
    ) -> Result<Vec<Issue>, Failure> {
        let claimed = resource.get("meta").and_then(|m| m.get("profile")).map_or(&[][..], Json::items);
        let claimed: Vec<&str> = claimed.iter().filter_map(Json::as_str).collect();
        let named: Vec<String> = self.profiles.iter().cloned().chain(claimed.iter().map(|c| (*c).to_owned())).collect();
        let (profiles, mut issues) = state.store.profiles(&caller.actor, &named).await?;
        let is_loaded = |url: &str| Profiles::is_base(url) || profiles.get(url).is_some();
        for profile in &self.profiles {
            if !is_loaded(profile) && issues.is_empty() {
                return Err(refused(IssueType::NotSupported, format!("the profile {profile} is not loaded")));
            }
            issues.extend(profiles.check(resource, profile));
        }
        for (i, url) in claimed.iter().enumerate().filter(|(_, url)| !self.profiles.iter().any(|p| p == *url)) {
            if is_loaded(url) {
                issues.extend(profiles.check(resource, url));
            } else {
                let text = "the profile is not loaded; it was not checked";
                let place = format!("{resource_type}.meta.profile[{i}]");
                issues.push(Issue::warning(IssueType::NotSupported, text).at(place));
            }
        }
        Ok(issues)
    }

    /// What stands against the resource, and against what is meant to be done with it.
    async fn issues(
        &self,
        state: &State,
        caller: &Caller,
        resource_type: ResourceType,
        id: Option<&str>,
        resource: &Json<'_>,
    ) -> Result<Vec<Issue>, Failure> {
        let mut issues = Vec::new();
        if self.mode != Some(Mode::Delete) {
            issues = validate(resource);
            issues.extend(self.conformance(state, caller, resource_type, resource).await?);
            if resource_type == ResourceType::SearchParameter {
                issues.extend(fhir::search::added::read(resource).err().unwrap_or_default());
            }
        }
        if self.mode == Some(Mode::Update) {
            let own = resource.str_at("id");
            let text = match (own, id) {
                (None, _) => Some("the resource has no id"),
                (Some(own), Some(id)) if own != id => Some("the id of the resource differs from that of the URL"),
                _ => None,
            };
            if let Some(text) = text {
                issues.push(Issue::error(IssueType::Invalid, text).at(format!("{resource_type}.id")));
            }
        }
        if let (Some(Mode::Delete), Some(id)) = (self.mode, id)
            && caller.actor.may(Interaction::Delete, resource_type)
        {
            let write = Write { resource_type, id: id.to_owned(), act: Act::Delete { expected: None } };
            match state.store.would_commit(&caller.actor, &caller.request, &Plan::of(vec![write])).await {
                Ok(()) => {}
                Err(error @ (StoreError::Conflict(_) | StoreError::Refused(_) | StoreError::NotPermitted(_))) => {
                    issues.extend(error.issues());
                }
                Err(other) => return Err(other.into()),
            }
        }
        let interaction = self.mode.map(|mode| match mode {
            Mode::Create => Interaction::Create,
            Mode::Update => Interaction::Update,
            Mode::Delete => Interaction::Delete,
        });
        if let Some(interaction) = interaction
            && !caller.actor.may(interaction, resource_type)
        {
            let text = format!("{} on {resource_type} is not permitted", interaction.code());
            issues.push(Issue::error(IssueType::Forbidden, text));
        }
        Ok(issues)
    }
}

fn refused(code: IssueType, text: String) -> Failure {
    Failure::Status(StatusCode::BAD_REQUEST, vec![Issue::error(code, text)])
}
