//! What the audit of reads costs: the same reads through the same routes over one store, with the layer that audits and without it, by
//! turns, so that what else the machine does falls on both.
//!
//! No setting of the product leaves the layer out; here the routes are put together without it. The other layers of the product's router
//! are in neither, which makes the cost rather a little more than it is there.

use std::sync::Arc;
use std::time::{Duration, Instant};

use api::audit::Audited;
use api::auth::pace::{Limit, Pace};
use api::clock::Clock;
use api::fhir;
use api::listen::{self, Patience};
use axum::Router;
use entity::{Store, StoreConfig};
use schema::ClinicalSchema;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tower::layer::util::Identity;

use crate::load;
use crate::report::Cost;
use crate::shapes::Shape;

/// Connections of the store, as the product has them.
const CONNECTIONS: u32 = 16;
/// How often each of the two is measured.
const TURNS: usize = 7;
const SEAL_EVERY: Duration = Duration::from_secs(1);
const BAR_PERCENT: f64 = 10.0;

/// Both doors, on threads of their own.
struct Doors {
    runtime: Runtime,
    store: Store,
    audited: String,
    unaudited: String,
}

impl Doors {
    async fn open(url: &str) -> Self {
        let runtime = Runtime::new().expect("threads");
        let url = url.to_owned();
        let opened = runtime.spawn(async move {
            let config = StoreConfig { url, connections: CONNECTIONS };
            let store = Store::open(&config, Arc::new(schema::gate::ClinicalGate)).await.expect("the store opens");
            tokio::spawn(seal(store.clone()));
            let state = state(store.clone());
            let routes = fhir::routes("/fhir/R4", &state);
            let audited = routes.clone().layer(Audited::by(state));
            // A layer of its own is boxed and copied for each request, whatever it does; the product's has others in one with it.
            let routes = routes.layer(Identity::new());
            (store, serve(audited).await, serve(routes).await)
        });
        let (store, audited, unaudited) = opened.await.expect("opened");
        Self { runtime, store, audited, unaudited }
    }

    /// Writes, unrolls and seals what is left of the audit, so that it falls on the turn that caused it or on none.
    async fn settle(&self) {
        let store = self.store.clone();
        let settled = self.runtime.spawn(async move {
            store.flush_audit().await.expect("written");
            while store.seal_audit(Clock::Machine.now()).await.expect("sealed").is_some() {}
        });
        settled.await.expect("settled");
    }
}

/// The cost of each of the shapes.
pub async fn all(shapes: &[&Shape], url: &str, token: &str, time: Duration) -> Vec<Cost> {
    let doors = Doors::open(url).await;
    let mut costs = Vec::new();
    for shape in shapes {
        let (mut audited, mut unaudited, mut after_us) = (Vec::new(), Vec::new(), Vec::new());
        // The first turn warms both.
        for turn in 0..=TURNS {
            // Who goes first changes, so that neither always comes after the other.
            for with in [turn % 2 == 0, turn % 2 != 0] {
                let host = if with { &doors.audited } else { &doors.unaudited };
                let requests: Vec<Vec<u8>> = shape.samples.iter().map(|s| s.request.bytes(host, token)).collect();
                let run = load::run(host, &requests, shape.clients, time).await.expect("answers");
                let over = Instant::now();
                doors.settle().await;
                if turn > 0 {
                    if with { &mut audited } else { &mut unaudited }.push(run.per_second);
                }
                if turn > 0 && with {
                    after_us.push(over.elapsed().as_secs_f64() * 1e6 / run.times.len() as f64);
                }
            }
        }
        let (name, clients) = (shape.name.into(), shape.clients);
        let cost = Cost { name, clients, audited, unaudited, after_us, bar: BAR_PERCENT };
        println!("{cost}");
        costs.push(cost);
    }
    doors.runtime.shutdown_background();
    costs
}

fn state(store: Store) -> fhir::State {
    fhir::State::from(fhir::Parts {
        store,
        clock: Clock::Machine,
        public_url: "http://127.0.0.1".into(),
        schema: ClinicalSchema::default(),
        demo: false,
        audit_at_once: false,
        live: api::live::Live::default(),
        jobs: api::jobs::Jobs::default(),
        graphql: Arc::default(),
        proxy_hops: 0,
        pace: Arc::new(Pace::new(Limit::NONE)),
        second_factor: Arc::new([]),
        key_sets: Arc::default(),
        password_work: Arc::default(),
    })
}

/// Its address.
async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let host = listener.local_addr().expect("bound").to_string();
    tokio::spawn(listen::serve(listener, router, Patience::default(), std::future::pending()));
    host
}

/// As the product does while it serves.
async fn seal(store: Store) {
    let mut every = tokio::time::interval(SEAL_EVERY);
    loop {
        every.tick().await;
        store.seal_audit(Clock::Machine.now()).await.expect("sealed");
        store.unroll_audit_when_quiet().await.expect("unrolled");
    }
}
