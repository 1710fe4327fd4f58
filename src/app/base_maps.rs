//! Pictures of other servers under the map, 天地图 and the like: none unless a file names them, and then that host alone.
//!
//! The browser asks those servers itself, so it is told the key; it stands in a file of its own, and no log, address of
//! ours or policy has it.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderValue;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::App;
use crate::error::{Error, Result};
use crate::http::Problem;
use crate::http::problem::Failure;
use crate::users::{Right, Signed};

/// Base maps that one file may name.
const MOST: usize = 12;

/// A base map of pictures.
#[derive(Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct BaseMap {
    /// Short name, for addresses of the page.
    id: String,
    /// Name in Chinese.
    name_zh: String,
    /// Name in English.
    name_en: String,
    /// What is drawn, bottom to top: each the addresses of its tiles with `{z}`, `{x}`, `{y}`, one for each host.
    layers: Vec<Vec<String>>,
    /// Pixels along a side of a tile.
    tile_size: u16,
    /// First zoom that there is.
    min_zoom: u8,
    /// Last zoom that there is.
    max_zoom: u8,
    /// Whose map it is, to be shown on it.
    attribution: String,
    /// Its approval number 审图号, to be shown on it.
    approval_no: Option<String>,
}

impl fmt::Debug for BaseMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BaseMap").field("id", &self.id).finish_non_exhaustive()
    }
}

/// An entry of the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    name_zh: String,
    name_en: String,
    url: String,
    labels_url: Option<String>,
    #[serde(default)]
    subdomains: String,
    key_file: Option<PathBuf>,
    #[serde(default)]
    attribution: String,
    approval_no: Option<String>,
    #[serde(default = "tile_size")]
    tile_size: u16,
    #[serde(default)]
    min_zoom: u8,
    #[serde(default = "max_zoom")]
    max_zoom: u8,
}

const fn tile_size() -> u16 {
    256
}

const fn max_zoom() -> u8 {
    18
}

/// The base maps of a server, and the policy that lets a browser ask for them.
#[derive(Debug, Clone)]
pub struct BaseMaps {
    maps: Arc<[BaseMap]>,
    policy: HeaderValue,
}

impl Default for BaseMaps {
    fn default() -> Self {
        Self { maps: Arc::default(), policy: HeaderValue::from_static(super::page::POLICY) }
    }
}

impl BaseMaps {
    /// Reads a file: a JSON list of base maps. What is wrong with it is said with its cure; a key is never said.
    pub fn read(path: &Path) -> Result<Self> {
        let refuse = |what: String| Error::Usage(format!("{}: {what}", path.display()));
        let bytes = fs::read(path).map_err(|error| refuse(format!("cannot be read: {error}")))?;
        let entries: Vec<Entry> = serde_json::from_slice(&bytes).map_err(|error| {
            refuse(format!(
                "{error}. It holds a JSON list: [{{\"id\": \"tdt\", \"name_zh\": \"天地图\", \"name_en\": \"Tianditu\", \"url\": \"https://t{{s}}.…{{z}}…{{x}}…{{y}}…{{key}}\", \
                 \"subdomains\": \"01234567\", \"key_file\": \"tdt.key\", \"attribution\": \"…\", \"approval_no\": \"…\"}}]"
            ))
        })?;
        if entries.len() > MOST {
            return Err(refuse(format!("it names {} base maps; at most {MOST} are taken", entries.len())));
        }
        let folder = path.parent().unwrap_or_else(|| Path::new("."));
        let mut origins: Vec<String> = Vec::new();
        let mut maps: Vec<BaseMap> = Vec::new();
        for entry in entries {
            let id = entry.id.clone();
            let map = settled(entry, folder, &mut origins).map_err(|what| refuse(format!("base map “{id}”: {what}")))?;
            if maps.iter().any(|known| known.id == map.id) {
                return Err(refuse(format!("two base maps are called “{id}”: give each an id of its own")));
            }
            maps.push(map);
        }
        origins.sort();
        origins.dedup();
        let hosts = origins.join(" ");
        let widened = ["img-src 'self' data: blob:", "connect-src 'self'"].iter().fold(super::page::POLICY.to_owned(), |policy, rule| {
            if hosts.is_empty() { policy } else { policy.replace(rule, &format!("{rule} {hosts}")) }
        });
        let policy = HeaderValue::from_str(&widened).map_err(Error::internal("write the policy of the page"))?;
        Ok(Self { maps: maps.into(), policy })
    }

    /// What a browser may load on the page.
    pub(super) const fn policy(&self) -> &HeaderValue {
        &self.policy
    }
}

fn settled(entry: Entry, folder: &Path, origins: &mut Vec<String>) -> std::result::Result<BaseMap, String> {
    if entry.id.is_empty() || entry.id.len() > 40 || !entry.id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)) {
        return Err("its id is at most 40 letters, digits, - and _".into());
    }
    if entry.name_zh.trim().is_empty() || entry.name_en.trim().is_empty() {
        return Err("it wants a name_zh and a name_en".into());
    }
    if !(entry.min_zoom <= entry.max_zoom && entry.max_zoom <= 24) {
        return Err("min_zoom and max_zoom are 0 to 24 and in this order".into());
    }
    if ![256, 512].contains(&entry.tile_size) {
        return Err("tile_size is 256 or 512".into());
    }
    let key = match &entry.key_file {
        Some(file) => {
            let file = folder.join(file);
            let text = fs::read_to_string(&file).map_err(|error| format!("its key_file {} cannot be read: {error}", file.display()))?;
            let key = text.trim().to_owned();
            if key.is_empty() || !key.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.~".contains(&b)) {
                return Err(format!("its key_file {} holds no key: one line of letters and digits", file.display()));
            }
            Some(key)
        }
        None => None,
    };
    let layers = [Some(&entry.url), entry.labels_url.as_ref()].into_iter().flatten();
    let layers = layers.map(|url| addresses(url, &entry.subdomains, key.as_deref(), origins)).collect::<std::result::Result<_, _>>()?;
    let Entry { id, name_zh, name_en, attribution, approval_no, tile_size, min_zoom, max_zoom, .. } = entry;
    let approval_no = approval_no.filter(|no| !no.trim().is_empty());
    Ok(BaseMap { id, name_zh, name_en, layers, tile_size, min_zoom, max_zoom, attribution, approval_no })
}

/// The addresses that a template stands for, one a subdomain.
fn addresses(url: &str, subdomains: &str, key: Option<&str>, origins: &mut Vec<String>) -> std::result::Result<Vec<String>, String> {
    if let Some(missing) = ["{z}", "{x}", "{y}"].iter().find(|part| !url.contains(**part)) {
        return Err(format!("its url lacks {missing}"));
    }
    if url.contains("{key}") && key.is_none() {
        return Err("its url has {key}: name the file that holds it as key_file".into());
    }
    if url.contains("{s}") && subdomains.is_empty() {
        return Err("its url has {s}: name the subdomains, \"01234567\" or \"abc\"".into());
    }
    let one = [' '];
    let letters: Vec<char> = if url.contains("{s}") { subdomains.chars().collect() } else { one.to_vec() };
    letters
        .into_iter()
        .map(|letter| {
            let address = url.replace("{s}", &letter.to_string());
            let origin = origin(&address).ok_or("its url begins with https:// and a host name (http:// on this machine only)")?;
            origins.push(origin);
            Ok(address.replace("{key}", key.unwrap_or_default()))
        })
        .collect()
}

/// Scheme and host of an address, without anything that would mean something in a policy.
fn origin(address: &str) -> Option<String> {
    let (scheme, rest) = address.split_once("://")?;
    let host = &rest[..rest.find(['/', '?', '#'])?];
    let (name, port) = host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
    let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok());
    let is_near = matches!(name, "127.0.0.1" | "localhost");
    (is_name && is_port && (scheme == "https" || (scheme == "http" && is_near))).then(|| format!("{scheme}://{host}"))
}

/// The routes of base maps.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_base_maps))
}

/// Base maps of other servers that may lie under the map, empty where none is configured. Whoever sees a map sees them.
#[utoipa::path(get, path = "/api/base-maps", tag = "map", responses((status = 200, body = Vec<BaseMap>), (status = 403, body = Problem)))]
async fn list_base_maps(State(app): State<App>, signed: Signed) -> Result<Json<Vec<BaseMap>>, Failure> {
    signed.reader.require(Right::Map)?;
    Ok(Json(app.base_maps.maps.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<BaseMaps> {
        let folder = tempfile::tempdir().map_err(Error::internal("make a folder"))?;
        fs::write(folder.path().join("tdt.key"), "s3cretKey\n").map_err(Error::internal("write"))?;
        let file = folder.path().join("maps.json");
        fs::write(&file, text).map_err(Error::internal("write"))?;
        BaseMaps::read(&file)
    }

    fn entry(rest: &str) -> String {
        format!(r#"[{{"id":"tdt","name_zh":"天地图","name_en":"Tianditu",{rest}}}]"#)
    }

    #[test]
    fn a_base_map_widens_the_policy_by_its_hosts_and_its_key_is_told_to_nobody_else() {
        let url = r#""url":"https://t{s}.example.cn/w?z={z}&x={x}&y={y}&tk={key}","subdomains":"01","key_file":"tdt.key""#;
        let maps = read(&entry(url)).expect("a sound file");
        assert_eq!(
            maps.maps[0].layers,
            [["https://t0.example.cn/w?z={z}&x={x}&y={y}&tk=s3cretKey", "https://t1.example.cn/w?z={z}&x={x}&y={y}&tk=s3cretKey"]]
        );
        let policy = maps.policy().to_str().expect("text");
        let hosts = "https://t0.example.cn https://t1.example.cn";
        assert!(
            policy.contains(&format!("img-src 'self' data: blob: {hosts};")) && policy.contains(&format!("connect-src 'self' {hosts};")),
            "{policy}"
        );
        assert!(policy.contains("script-src 'self';") && policy.contains("default-src 'self';"));
        assert!(!format!("{maps:?}{policy}").contains("s3cret"));
        assert_eq!(read("[]").expect("none").policy(), BaseMaps::default().policy());
    }

    #[test]
    fn what_is_wrong_with_the_file_is_said_with_its_cure() {
        for (rest, said) in [
            (r#""url":"https://a.cn/{z}/{x}""#, "lacks {y}"),
            (r#""url":"https://a.cn/{z}/{x}/{y}?k={key}""#, "key_file"),
            (r#""url":"https://a.cn/{z}/{x}/{y}?k={key}","key_file":"no.key""#, "cannot be read"),
            (r#""url":"https://t{s}.a.cn/{z}/{x}/{y}""#, "subdomains"),
            (r#""url":"http://a.cn/{z}/{x}/{y}""#, "https://"),
            (r#""url":"https://a.cn; script-src */{z}/{x}/{y}""#, "https://"),
            (r#""url":"https://*/{z}/{x}/{y}""#, "https://"),
            (r#""url":"https://a.cn/{z}/{x}/{y}","tile_size":300"#, "256 or 512"),
            (r#""url":"https://a.cn/{z}/{x}/{y}","max_zoom":40"#, "0 to 24"),
            (r#""url":"https://a.cn/{z}/{x}/{y}","colour":"red""#, "unknown field"),
        ] {
            let refused = read(&entry(rest)).expect_err(said).to_string();
            assert!(refused.contains(said) && !refused.contains("s3cret"), "{rest}: {refused}");
        }
        assert!(read("{").is_err());
    }
}
