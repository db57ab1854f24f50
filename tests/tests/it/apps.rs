//! The registry of applications as administrators keep it, and what people see of what they have allowed.

use entity::Role;
use serde_json::{Value, json};

use crate::gql::Site;

const REGISTER: &str = "mutation($input: AppRegisterInput!) { appRegister(input: $input) { app { id name kind redirectUris launchUrl opensIn scope disabled actsByItself } secret } }";
const UPDATE: &str =
    "mutation($input: AppUpdateInput!) { appUpdate(input: $input) { app { name redirectUris launchUrl scope } } }";
const APPS: &str = "{ apps { id kind disabled } }";

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
}

fn growth(kind: &str) -> Value {
    json!({"id": "growth", "name": "Growth chart", "kind": kind, "redirectUris": ["https://app.example/"],
        "launchUrl": "https://app.example/launch.html", "scope": "launch openid fhirUser patient/*.rs"})
}

#[tokio::test]
async fn administrators_register_change_and_close_applications() {
    let site = Site::start("[]").await;
    let admin = site.person(Role::Admin, None).await;
    for role in [Role::Physician, Role::Analyst, Role::Registrar] {
        let person = site.person(role, None).await;
        assert_eq!(code(&site.answer(&person, REGISTER, json!({"input": growth("PUBLIC")})).await), "NOT_PERMITTED");
        assert_eq!(code(&site.answer(&person, APPS, json!({})).await), "NOT_PERMITTED");
    }
    for (name, value) in [
        ("redirectUris", json!(["http://app.example/"])),
        ("redirectUris", json!(["javascript:alert(1)"])),
        ("redirectUris", json!([])),
        ("launchUrl", json!("https://app.example/#x")),
        ("scope", json!("patient/*.everything")),
        ("scope", json!("system/*.rs")),
        ("id", json!("a b")),
        ("jwks", json!("{}")),
        ("account", json!("nobody")),
    ] {
        let mut input = growth("PUBLIC");
        input[name] = value.clone();
        let answer = site.answer(&admin, REGISTER, json!({"input": input})).await;
        assert!(["NOT_SUPPORTED", "INVALID", "CONFLICT"].contains(&code(&answer)), "{name} {value}: {answer}");
    }
    let made = site.ask(&admin, REGISTER, json!({"input": growth("SECRET")})).await;
    let secret = made["appRegister"]["secret"].as_str().unwrap().to_owned();
    assert!(secret.len() >= 40);
    assert_eq!(made["appRegister"]["app"]["kind"], "SECRET");
    assert_eq!(made["appRegister"]["app"]["opensIn"], "TAB");
    let framed = json!({"input": {"id": "growth", "opensIn": "CHART"}});
    let place = "mutation($input: AppUpdateInput!) { appUpdate(input: $input) { app { opensIn } } }";
    assert_eq!(site.ask(&admin, place, framed.clone()).await["appUpdate"]["app"]["opensIn"], "CHART");
    assert_eq!(
        site.ask(&admin, "{ launchableApps { id name opensIn } }", json!({})).await["launchableApps"],
        json!([{"id": "growth", "name": "Growth chart", "opensIn": "CHART"}])
    );
    // A frame needs an address of the web.
    let nowhere = json!({"input": {"id": "growth", "launchUrl": ""}});
    assert_eq!(code(&site.answer(&admin, place, nowhere).await), "NOT_SUPPORTED");
    site.ask(&admin, place, json!({"input": {"id": "growth", "opensIn": "TAB"}})).await;
    assert_eq!(code(&site.answer(&admin, REGISTER, json!({"input": growth("SECRET")})).await), "CONFLICT");
    // It is good at the token endpoint, and a new one takes its place.
    let good = async |secret: &str| {
        let request =
            site.http.post(format!("{}/oauth2/introspect", site.server.url)).basic_auth("growth", Some(secret));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body("token=none");
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!((good(&secret).await, good("wrong").await), (200, 401));
    let renewed = "mutation { appNewSecret(id: \"growth\") { secret } }";
    let renewed = site.ask(&admin, renewed, json!({})).await["appNewSecret"]["secret"].as_str().unwrap().to_owned();
    assert_eq!((good(&renewed).await, good(&secret).await), (200, 401));
    let changed = json!({"input": {"id": "growth", "name": "Curves", "launchUrl": "", "redirectUris": ["https://app.example/a", "https://app.example/b"]}});
    let changed = site.ask(&admin, UPDATE, changed).await;
    assert_eq!(
        changed["appUpdate"]["app"],
        json!({"name": "Curves", "redirectUris": ["https://app.example/a", "https://app.example/b"], "launchUrl": null, "scope": "launch openid fhirUser patient/*.rs"})
    );
    let wrong = json!({"input": {"id": "growth", "scope": "nonsense"}});
    assert_eq!(code(&site.answer(&admin, UPDATE, wrong).await), "NOT_SUPPORTED");
    assert_eq!(code(&site.answer(&admin, UPDATE, json!({"input": {"id": "nobody", "name": "x"}})).await), "CONFLICT");
    site.ask(&admin, "mutation { appDisable(id: \"growth\") { app { disabled } } }", json!({})).await;
    assert_eq!(good(&renewed).await, 401);
    assert_eq!(
        site.ask(&admin, APPS, json!({})).await["apps"][0],
        json!({"id": "growth", "kind": "SECRET", "disabled": true})
    );
    site.ask(&admin, "mutation { appEnable(id: \"growth\") { app { disabled } } }", json!({})).await;
    assert_eq!(good(&renewed).await, 200);
    // Each act is in the audit, and no secret is.
    site.server.store.flush_audit().await.unwrap();
    let events = "{ auditEvents(filter: {kinds: [APPLICATION]}, first: 50) { nodes { interaction operation } } }";
    let told = site.ask(&admin, events, json!({})).await.to_string();
    for act in ["app-register", "app-secret", "app-update", "app-disable", "app-enable"] {
        assert!(told.contains(act), "{act}: {told}");
    }
    assert!(!told.contains(&secret) && !told.contains(&renewed));
}
