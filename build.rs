//! The page is built by `npm run build` into `web/dist` and carried by the binary; without it the folder is empty.
fn main() {
    println!("cargo:rerun-if-changed=migrations");
    let dist = std::path::Path::new("web/dist");
    if !dist.exists() {
        std::fs::create_dir_all(dist).expect("the clone can be written");
    }
}
