//! The pages are embedded from `frontend/dist`; a build without Node embeds an empty folder.

fn main() {
    let dist = concat!(env!("CARGO_MANIFEST_DIR"), "/../frontend/dist");
    std::fs::create_dir_all(dist).expect("frontend/dist can be made");
    println!("cargo::rerun-if-changed={dist}");
}
