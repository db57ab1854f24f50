//! The README's requests, as they are printed there: token and all, against a server of its own process.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use api::config::Cli;
use clap::Parser as _;

use crate::attacked::Attacked;

/// Set in the process that plays the program: its arguments, a line each.
const ARGUMENTS: &str = "WINTEHR_TEST_ARGUMENTS";

/// No test by itself: the program `wintehr`, with the command line of its own.
#[test]
fn the_program() {
    let Some(arguments) = std::env::var_os(ARGUMENTS) else { return };
    let arguments = arguments.into_string().unwrap();
    let cli = Cli::parse_from(std::iter::once("wintehr").chain(arguments.lines()));
    assert!(tokio::runtime::Runtime::new().unwrap().block_on(api::server::run(&cli.command)).unwrap());
}

/// What a request of the README is to be answered with.
struct Promise {
    words: String,
    status: String,
    piece: String,
}

/// The lines to run, from the one that makes the account to the last request, and what is promised of them.
fn examples(readme: &str) -> (String, Vec<Promise>) {
    let (mut script, mut promises, mut begun) = (String::new(), Vec::new(), false);
    for line in readme.lines().filter_map(|l| l.strip_prefix("    ")) {
        begun |= line.contains("wintehr account");
        if !begun {
            continue;
        }
        if line.contains("wintehr import") {
            break;
        }
        if let Some(comment) = line.strip_prefix("# ") {
            let (words, promise) = comment.rsplit_once(": ").expect("words, then what is promised");
            let (status, piece) = promise.split_once(' ').expect("a status and a piece of the answer");
            promises.push(Promise { words: words.into(), status: status.into(), piece: piece.into() });
            script.push_str("echo =====\n");
        } else {
            script.push_str(line);
            script.push('\n');
        }
    }
    (script, promises)
}

#[tokio::test]
async fn the_requests_of_the_readme_are_answered_as_it_says() {
    let (script, promises) = examples(include_str!("../../../README.md"));
    let requests = script.lines().filter(|l| l.starts_with("curl ")).count();
    let of_fhir =
        script.lines().filter(|l| l.starts_with("curl ") && l.contains("$BASE") && !l.contains("graphql")).count();
    assert_eq!((requests, of_fhir), (promises.len(), 10), "each request promises something");

    let site = Attacked::start("system/*.rs").await;
    let folder = tests::scratch_dir("readme");
    std::fs::create_dir_all(&folder).unwrap();
    let program = folder.join("wintehr");
    // The harness writes two lines of its own before what the program prints.
    let text = format!(
        "#!/bin/bash\nset -o pipefail\nexport {ARGUMENTS}=\"$(printf '%s\\n' \"$@\")\"\n\
         '{}' readme::the_program --exact --quiet --nocapture | sed -n 3p\n",
        std::env::current_exe().unwrap().display()
    );
    std::fs::write(&program, text).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let script = script
        .replace("./target/release/wintehr", &program.display().to_string())
        .replace("http://127.0.0.1:8080", &site.url);
    // Beside what is printed, each request tells its status.
    let script = format!("set -e\ncurl() {{ command curl -w '\\n%{{http_code}}\\n' \"$@\"; }}\n{script}");
    let ran = Command::new("bash").arg("-c").arg(&script).env("DATABASE_URL", &site.here.database).output().unwrap();
    let _ = std::fs::remove_dir_all(&folder);
    let (out, err) = (String::from_utf8(ran.stdout).unwrap(), String::from_utf8(ran.stderr).unwrap());
    assert!(ran.status.success(), "{err}\n{out}");
    let answers: Vec<&str> = out.split("=====\n").skip(1).collect();
    assert_eq!(answers.len(), promises.len(), "{out}\n{err}");
    for (promise, answer) in promises.iter().zip(answers) {
        let (body, status) = answer.trim_end().rsplit_once('\n').unwrap();
        let Promise { words, status: promised, piece } = promise;
        assert!(status == promised && body.contains(piece.as_str()), "{words}: not {status} {body}\n{err}");
    }
}
