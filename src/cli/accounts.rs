//! Accounts and tokens from the command line, for whoever holds the machine.

use std::process::ExitCode;

use chrono::NaiveDate;
use clap::Subcommand;

use super::{Place, say};
use crate::audit;
use crate::config::Storage;
use crate::db::Scoped;
use crate::error::{Error, Result};
use crate::users::api::{account_scopes, make_account};
use crate::users::{Grant, GrantArea, Role, hash_password, new_secret, random_password, store};

/// Manage accounts.
#[derive(Debug, clap::Args)]
pub(super) struct UserArgs {
    #[command(flatten)]
    storage: Storage,
    #[command(subcommand)]
    what: UserCommand,
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Make an account; prints its one-time password
    Add {
        /// 2 to 40 of a–z 0–9 . _ -
        account: String,
        /// Role and area, such as supervisor:990321001 or system:all; may be given several times
        #[arg(long = "grant", value_name = "ROLE:AREA")]
        grants: Vec<String>,
        /// Office or duty in Chinese
        #[arg(long, default_value = "")]
        name_zh: String,
        /// Office or duty in English
        #[arg(long, default_value = "")]
        name_en: String,
    },
    /// Give an account a new one-time password, unlock it, end its sessions
    Reset {
        /// The account
        account: String,
    },
    /// List accounts and their roles
    List,
}

/// Make a token for a program; prints it once.
#[derive(Debug, clap::Args)]
pub(super) struct TokenArgs {
    #[command(flatten)]
    storage: Storage,
    /// The account whose rights it carries
    account: String,
    /// What it is for
    #[arg(long, default_value = "command line")]
    name: String,
    /// First civil day it no longer holds
    #[arg(long, value_name = "YYYY-MM-DD")]
    until: Option<NaiveDate>,
}

/// Reads `supervisor:990321001`.
fn parse_grant(text: &str) -> Result<Grant> {
    let (role, area) = text
        .split_once(':')
        .ok_or_else(|| Error::Usage(format!("“{text}” is no grant: write ROLE:AREA, such as supervisor:990321001 or system:all")))?;
    let role = Role::from_name(role).ok_or_else(|| {
        let names: Vec<&str> = Role::ALL.iter().map(|role| role.name()).collect();
        Error::Usage(format!("there is no role “{role}”; the roles are {}", names.join(", ")))
    })?;
    Ok(Grant { role, area: GrantArea::parse(area)?, expires_on: None })
}

/// Writes down what the command line, or the first start, did to an account.
pub(super) async fn note(transaction: &mut Scoped, place: &Place, action: &str, account: &str) -> Result<()> {
    let entry = audit::Entry {
        user_id: None,
        account: "",
        action,
        target: account,
        area: None,
        detail: serde_json::json!({"by": "command line"}),
        rows: Some(1),
        request_id: "",
    };
    audit::record(transaction, place.clock.now(), &entry).await
}

pub(super) async fn user(args: UserArgs) -> Result<ExitCode> {
    let place = Place::open(&args.storage).await?;
    let db = place.db(2).await?;
    let mut transaction = db.scoped(&account_scopes()).await?;
    match args.what {
        UserCommand::Add { account, grants, name_zh, name_en } => {
            let grants = grants.iter().map(|text| parse_grant(text)).collect::<Result<Vec<_>>>()?;
            let now = place.clock.now();
            let (_, password) = make_account(&mut transaction, &account, (&name_zh, &name_en), &grants, None, None, now).await?;
            note(&mut transaction, &place, "user.create", &account).await?;
            transaction.commit().await?;
            say(&format!("account {account}, one-time password {password}"))?;
        }
        UserCommand::Reset { account } => {
            let found = store::find_account(transaction.conn(), &account).await?;
            let found = found.ok_or_else(|| Error::NotFound { what: "account", id: account.clone() })?;
            let password = random_password()?;
            store::set_password(transaction.conn(), found.id, &hash_password(&password)?, true).await?;
            note(&mut transaction, &place, "user.reset", &account).await?;
            transaction.commit().await?;
            say(&format!("account {account}, one-time password {password}"))?;
        }
        UserCommand::List => {
            list(&mut transaction).await?;
            // the pool waits for it at its close
            transaction.rollback().await?;
        }
    }
    db.close().await;
    place.leave().await?;
    Ok(ExitCode::SUCCESS)
}

async fn list(transaction: &mut Scoped) -> Result<()> {
    let mut after = 0;
    loop {
        let rows = store::list(transaction.conn(), after, 500).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.id;
        for row in &rows {
            let grants = store::grants(transaction.conn(), row.id).await?;
            let grants: Vec<String> = grants.iter().map(|(_, grant)| format!("{}:{}", grant.role.name(), grant.area.text())).collect();
            let state = if row.disabled { "disabled" } else { "" };
            say(&format!("{}\t{}\t{}\t{state}", row.account, row.name_zh, grants.join(" ")))?;
        }
    }
}

pub(super) async fn token(args: TokenArgs) -> Result<ExitCode> {
    let place = Place::open(&args.storage).await?;
    let db = place.db(2).await?;
    let mut transaction = db.scoped(&account_scopes()).await?;
    let found = store::find_account(transaction.conn(), &args.account).await?;
    let found = found.ok_or_else(|| Error::NotFound { what: "account", id: args.account.clone() })?;
    let (secret, hash) = new_secret()?;
    store::create_token(transaction.conn(), &hash, found.id, &args.name, args.until, place.clock.now()).await?;
    note(&mut transaction, &place, "token.create", &args.account).await?;
    transaction.commit().await?;
    say(&secret)?;
    db.close().await;
    place.leave().await?;
    Ok(ExitCode::SUCCESS)
}
