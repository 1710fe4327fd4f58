//! `maplebridge export`: a layer as newline-delimited GeoJSON or CSV, cut to an account's rights.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use futures::TryStreamExt as _;
use serde_json::Value;

use super::{Place, say};
use crate::audit;
use crate::config::Storage;
use crate::error::{Error, Result};
use crate::users::Reader;
use crate::users::api::{account_scopes, reader_named};

/// Write a layer to a file.
///
/// Areas, cells, households and facilities as they stand today, in the form that `import` reads again. Cases are not
/// exported: no file of incident points leaves the system.
#[derive(Debug, clap::Args)]
pub(super) struct ExportArgs {
    #[command(flatten)]
    storage: Storage,
    /// What to write
    noun: Noun,
    /// The file to write; refused where it is there
    file: PathBuf,
    /// Form of the file [default: by its name, .csv or GeoJSON]
    #[arg(long)]
    format: Option<Format>,
    /// Cut to the rights of this account; otherwise everything is written
    #[arg(long = "as", value_name = "ACCOUNT")]
    account: Option<String>,
    /// Say the count as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Noun {
    Areas,
    Cells,
    Households,
    Facilities,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Geojson,
    Csv,
}

impl Noun {
    const fn name(self) -> &'static str {
        match self {
            Self::Areas => "areas",
            Self::Cells => "cells",
            Self::Households => "households",
            Self::Facilities => "facilities",
        }
    }

    /// Rows of (properties, geometry), both JSON, in the order of their keys; `$1` is today.
    const fn statement(self) -> &'static str {
        match self {
            Self::Areas => {
                "select jsonb_build_object('code', app.code_text(code_lo, level), 'name_zh', name_zh, 'name_en', name_en, 'urban_rural_class', urban_rural_class) as properties,
                        ST_AsGeoJSON(geom, 7) as geometry from areas where $1::date is not null order by code_lo, level"
            }
            Self::Cells => {
                "select jsonb_build_object('code', app.code_text(code, 15::smallint), 'name_zh', name_zh, 'kind', kind) as properties,
                        ST_AsGeoJSON(geom, 7) as geometry from cells where valid_from <= $1 and (valid_to is null or valid_to > $1) order by code"
            }
            Self::Households => {
                "select jsonb_build_object('key', household_id, 'household_count', household_count, 'population_band', population_band, 'dwelling_kind', dwelling_kind, 'address', address) as properties,
                        ST_AsGeoJSON(geom, 7) as geometry from households where valid_from <= $1 and (valid_to is null or valid_to > $1) order by household_id"
            }
            Self::Facilities => {
                "select jsonb_build_object('key', facility_id, 'kind', kind, 'name_zh', name_zh, 'name_en', name_en, 'operator', operator, 'capacity', capacity, 'hours', hours, 'barrier_free', barrier_free) as properties,
                        ST_AsGeoJSON(geom, 7) as geometry from facilities where valid_from <= $1 and (valid_to is null or valid_to > $1) order by facility_id"
            }
        }
    }
}

pub(super) async fn run(args: ExportArgs) -> Result<ExitCode> {
    let format = args.format.unwrap_or(if args.file.extension().is_some_and(|end| end == "csv") { Format::Csv } else { Format::Geojson });
    if format == Format::Csv && matches!(args.noun, Noun::Areas | Noun::Cells) {
        return Err(Error::Usage("borders do not fit into CSV; give a file that ends in .geojson".into()));
    }
    let place = Place::open(&args.storage).await?;
    let db = place.db(2).await?;
    let today = place.clock.today();
    let reader = match &args.account {
        None => Reader::command_line(today),
        Some(account) => reader_named(&mut db.scoped(&account_scopes()).await?, account, today).await?,
    };
    let file = File::create_new(&args.file)
        .map_err(|error| Error::Usage(format!("{} cannot be written: {error}; choose another name", args.file.display())))?;
    let mut out = BufWriter::new(file);
    let mut transaction = db.scoped(&reader.scopes()).await?;
    transaction.without_time_limit().await?;
    let mut count = 0_i64;
    let mut headed = false;
    {
        let mut rows = sqlx::query_as::<_, (Value, Option<String>)>(args.noun.statement()).bind(today).fetch(transaction.conn());
        if format == Format::Geojson {
            write(&mut out, "{\"type\":\"FeatureCollection\",\"features\":[\n")?;
        }
        while let Some((properties, geometry)) = rows.try_next().await? {
            match format {
                Format::Geojson => {
                    let comma = if count > 0 { ",\n" } else { "" };
                    let geometry = geometry.unwrap_or_else(|| "null".into());
                    write(&mut out, &format!("{comma}{{\"type\":\"Feature\",\"properties\":{properties},\"geometry\":{geometry}}}"))?;
                }
                Format::Csv => write_csv(&mut out, &properties, geometry.as_deref(), &mut headed)?,
            }
            count += 1;
        }
        if format == Format::Geojson {
            write(&mut out, "\n]}\n")?;
        }
    }
    out.flush().map_err(Error::internal("write the file"))?;
    let entry = audit::Entry {
        user_id: Some(reader.user_id),
        account: &reader.account,
        action: "export",
        target: args.noun.name(),
        area: None,
        detail: serde_json::json!({"by": "command line"}),
        rows: Some(count),
        request_id: "",
    };
    audit::record(&mut transaction, place.clock.now(), &entry).await?;
    transaction.commit().await?;
    let told = if args.json {
        serde_json::json!({"noun": args.noun.name(), "rows": count}).to_string()
    } else {
        format!("wrote {count} {} to {}", args.noun.name(), args.file.display())
    };
    say(&told)?;
    db.close().await;
    place.leave().await?;
    Ok(ExitCode::SUCCESS)
}

fn write(out: &mut impl Write, text: &str) -> Result<()> {
    out.write_all(text.as_bytes()).map_err(Error::internal("write the file"))
}

fn write_csv(out: &mut impl Write, properties: &Value, geometry: Option<&str>, headed: &mut bool) -> Result<()> {
    let fields = properties.as_object().cloned().unwrap_or_default();
    let mut record = csv::WriterBuilder::new().from_writer(Vec::new());
    if !*headed {
        let heads = fields.keys().map(String::as_str).chain(["lon", "lat"]);
        record.write_record(heads).map_err(Error::internal("write the file"))?;
        *headed = true;
    }
    let place: Value = geometry.map_or(Ok(Value::Null), serde_json::from_str).map_err(Error::internal("read a stored geometry"))?;
    let values = fields.values().cloned().chain([place["coordinates"][0].clone(), place["coordinates"][1].clone()]);
    let texts = values.map(|value| match value {
        Value::Null => String::new(),
        Value::String(text) => text,
        other => other.to_string(),
    });
    record.write_record(texts).map_err(Error::internal("write the file"))?;
    let bytes = record.into_inner().map_err(|error| Error::internal("write the file")(error.to_string()))?;
    out.write_all(&bytes).map_err(Error::internal("write the file"))
}
