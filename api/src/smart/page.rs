//! The pages of `/oauth2/authorize`, written whole by the server: sign-in, consent, and what went wrong. All values are escaped.

use std::fmt::Write as _;

use axum::response::{Html, IntoResponse as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use entity::launch::{Context, Permission};
use http::{HeaderValue, StatusCode, header};

use super::authorize::{Asked, REPEATED};
use super::visit::{self, Visit};
use super::{Form, Response, origin};
use crate::clock;

pub(super) struct Candidate {
    pub id: String,
    pub name: String,
    pub birth_date: String,
}

/// What a person is asked.
pub(super) struct Consent<'a> {
    pub asked: &'a Asked,
    pub form: &'a Form,
    pub person: &'a str,
    /// Of the launch, or the person's own record.
    pub patient: Option<Candidate>,
    /// Found by name, when a patient is to be chosen.
    pub candidates: Option<Vec<Candidate>>,
    pub find: Option<&'a str>,
    pub complaint: Option<&'a str>,
    /// Of the patient, when an encounter is to be chosen.
    pub visits: Option<Vec<Visit>>,
    /// The scopes that are ticked; `None` for all.
    pub ticked: Option<&'a [&'a str]>,
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;margin:0;color:#1c2733;background:#f3f5f7}\
main{max-width:34rem;margin:3rem auto;padding:1.5rem 2rem;background:#fff;border:1px solid #c9d1d9;border-radius:6px}\
h1{font-size:1.25rem}fieldset{border:1px solid #c9d1d9;border-radius:4px;margin:1rem 0;padding:.5rem 1rem}\
label{display:block;padding:.2rem 0}input[type=text],input[type=password]{font:inherit;width:100%;box-sizing:border-box;padding:.35rem}\
button{font:inherit;padding:.4rem 1rem;margin-right:.5rem}small{color:#4a5866}[role=alert]{color:#9a1c1c}";

/// Asks by the one sign-in there is, then asks again for what was asked.
const SIGN_IN: &str = "const form=document.querySelector('form'),said=document.querySelector('[role=alert]');\
form.addEventListener('submit',async e=>{e.preventDefault();\
const r=await fetch('/auth/login',{method:'POST',headers:{'Content-Type':'application/json','X-WintEHR-Request':'1'},\
body:JSON.stringify({user:form.user.value,password:form.password.value})});\
const b=await r.json().catch(()=>({}));\
if(r.ok&&b.user)location.reload();else said.textContent=b.error||'Sign in at the first page of the record, then come back.'});";

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// What a page may do beyond showing itself.
#[derive(Default)]
struct Page<'p> {
    script: &'p str,
    /// Where the form may lead: browsers apply `form-action` to the redirect after it too.
    target: Option<&'p str>,
    /// In the head, before the style.
    head: &'p str,
    /// Whether pages of ours may show it in a frame: of an application that is shown within a chart.
    framed: bool,
}

fn page(status: StatusCode, title: &str, content: &str, page: &Page<'_>) -> Response {
    let Page { script, target, head, framed } = page;
    let nonce = STANDARD_NO_PAD.encode(clock::random::<18>());
    let script = if script.is_empty() { String::new() } else { format!("<script nonce=\"{nonce}\">{script}</script>") };
    let text = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         {head}<title>{title} · WintEHR</title><style nonce=\"{nonce}\">{STYLE}</style></head><body><main>{content}</main>{script}</body></html>"
    );
    let target = target.map(|t| format!(" {t}")).unwrap_or_default();
    let ancestors = if *framed { "'self'" } else { "'none'" };
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; form-action 'self'{target}; \
         frame-ancestors {ancestors}; base-uri 'none'"
    );
    respond(status, text, &policy)
}

fn respond(status: StatusCode, text: String, policy: &str) -> Response {
    let mut response = (status, Html(text)).into_response();
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    // With no-referrer a browser would not name the origin of the form.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

pub(super) fn problem(status: StatusCode, text: &str) -> Response {
    let content = format!("<h1>Not possible</h1><p role=\"alert\">{}</p>", escaped(text));
    page(status, "Not possible", &content, &Page::default())
}

/// As [`problem`], of an application within a chart.
pub(super) fn framed_problem(status: StatusCode, text: &str) -> Response {
    let content = format!("<h1>Not possible</h1><p role=\"alert\">{}</p>", escaped(text));
    page(status, "Not possible", &content, &Page { framed: true, ..Page::default() })
}

/// A page of ours that is nothing but the frame of an application. What it may lead to within the frame is its own origin, and ours, where
/// the person is asked.
pub(super) fn frame(application: &str, url: &str, origin: &str) -> Response {
    let nonce = STANDARD_NO_PAD.encode(clock::random::<18>());
    let (title, url) = (escaped(application), escaped(url));
    let text = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title} · WintEHR</title>\
         <style nonce=\"{nonce}\">html,body{{margin:0;height:100%}}iframe{{border:0;width:100%;height:100%;display:block}}</style></head>\
         <body><iframe title=\"{title}\" src=\"{url}\" sandbox=\"allow-scripts allow-forms allow-same-origin allow-popups\"></iframe></body></html>"
    );
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; frame-src 'self' {origin}; form-action 'none'; frame-ancestors 'self'; base-uri 'none'"
    );
    respond(StatusCode::OK, text, &policy)
}

/// Asks again for the same, from a page of ours: with a request that another site's page began within a frame a browser sends no cookie.
pub(super) fn again(url: &str) -> Response {
    let url = escaped(url);
    let head = format!("<meta http-equiv=\"refresh\" content=\"0; url={url}\">");
    let content = format!("<h1>One moment</h1><p><a href=\"{url}\">Go on</a></p>");
    page(StatusCode::OK, "One moment", &content, &Page { head: &head, framed: true, ..Page::default() })
}

pub(super) fn sign_in(application: &str, framed: bool) -> Response {
    let content = format!(
        "<h1>Sign in to go on to {}</h1><form method=\"post\"><label>User<input type=\"text\" name=\"user\" autocomplete=\"username\" required></label>\
         <label>Password<input type=\"password\" name=\"password\" autocomplete=\"current-password\" required></label>\
         <p role=\"alert\"></p><button>Sign in</button></form>",
        escaped(application)
    );
    page(StatusCode::OK, "Sign in", &content, &Page { script: SIGN_IN, framed, ..Page::default() })
}

/// What a scope means to a person.
fn meaning(permission: &Permission) -> String {
    match permission {
        Permission::Word("openid" | "fhirUser" | "profile") => "know who you are".into(),
        Permission::Word("launch" | "launch/patient" | "launch/encounter") => "know which chart is open".into(),
        Permission::Word("online_access") => "keep access while you are signed in".into(),
        Permission::Word(_) => "keep access for 90 days, also when you are signed out".into(),
        Permission::Resource { context, resource_type, letters, category, .. } => {
            let verbs = [('c', "create"), ('r', "read"), ('u', "change"), ('d', "delete"), ('s', "search")];
            let verbs: Vec<&str> = verbs.iter().filter(|(l, _)| letters.contains(*l)).map(|(_, v)| *v).collect();
            let what = resource_type.map_or("all records", fhir::ResourceType::name);
            let whose = match context {
                Context::Patient => "of this patient",
                Context::User | Context::System => "that you may see",
            };
            let only = category.as_ref().map_or_else(String::new, |(_, code)| format!(" of the category {code}"));
            format!("{} {what}{only} {whose}", verbs.join(", "))
        }
    }
}

pub(super) fn consent(consent: &Consent<'_>) -> Response {
    let Consent { asked, form, person, patient, candidates, find, complaint, visits, ticked } = consent;
    let name = escaped(&asked.client.name);
    let hidden: String = REPEATED
        .iter()
        .filter_map(|n| form.one(n).ok().flatten().map(|v| (n, v)))
        .map(|(n, v)| format!("<input type=\"hidden\" name=\"{n}\" value=\"{}\">", escaped(v)))
        .collect();
    let mut content = format!("<h1>{name} asks for access</h1><p>You are signed in as {}.</p>", escaped(person));
    if let Some(complaint) = complaint {
        let _ = write!(content, "<p role=\"alert\">{}</p>", escaped(complaint));
    }
    if candidates.is_some() {
        let find = escaped(find.unwrap_or_default());
        let _ = write!(
            content,
            "<form method=\"get\" action=\"/oauth2/authorize\">{hidden}<label>Find the patient by name\
             <input type=\"text\" name=\"find\" value=\"{find}\"></label><button>Find</button></form>"
        );
    }
    let _ = write!(content, "<form method=\"post\" action=\"/oauth2/authorize/decision\">{hidden}");
    let shown = |c: &Candidate| format!("{} <small>born {}</small>", escaped(&c.name), escaped(&c.birth_date));
    if let Some(patient) = patient {
        let _ = write!(content, "<fieldset><legend>Patient</legend>{}</fieldset>", shown(patient));
        let id = escaped(&patient.id);
        let _ = write!(content, "<input type=\"hidden\" name=\"patient\" value=\"{id}\">");
    }
    if let Some(candidates) = candidates {
        content.push_str("<fieldset><legend>Patient</legend>");
        if candidates.is_empty() {
            content.push_str(if find.is_some() { "Nobody of that name." } else { "Find the patient first." });
        }
        for candidate in candidates {
            let id = escaped(&candidate.id);
            let _ = write!(
                content,
                "<label><input type=\"radio\" name=\"patient\" value=\"{id}\"> {}</label>",
                shown(candidate)
            );
        }
        content.push_str("</fieldset>");
    }
    if let Some(visits) = visits {
        content.push_str("<fieldset><legend>Visit</legend>");
        let none = Visit { id: visit::NONE.into(), text: "None of them".into() };
        for Visit { id, text } in visits.iter().chain([&none]) {
            let (id, text) = (escaped(id), escaped(text));
            let _ = write!(
                content,
                "<label><input type=\"radio\" name=\"encounter\" value=\"{id}\" required> {text}</label>"
            );
        }
        content.push_str("</fieldset>");
    }
    let _ = write!(content, "<fieldset><legend>{name} may</legend>");
    for permission in &asked.grantable {
        let scope = permission.to_string();
        let checked = if ticked.is_none_or(|ticked| ticked.contains(&scope.as_str())) { " checked" } else { "" };
        let (scope, meaning) = (escaped(&scope), escaped(&meaning(permission)));
        let _ = write!(
            content,
            "<label><input type=\"checkbox\" name=\"grant\" value=\"{scope}\"{checked}> {meaning} <small>{scope}</small></label>"
        );
    }
    content.push_str(
        "</fieldset><button name=\"decision\" value=\"allow\">Allow</button><button name=\"decision\" value=\"deny\">Deny</button></form>",
    );
    let own_scheme = || asked.redirect_uri.split_once(':').map(|(scheme, _)| format!("{scheme}:"));
    let target = origin(&asked.redirect_uri).or_else(own_scheme);
    let framed = asked.client.framed && asked.launch.is_some();
    page(StatusCode::OK, "Access", &content, &Page { target: target.as_deref(), framed, ..Page::default() })
}
