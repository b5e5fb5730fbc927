//! `kafkalab ui`: a page on this machine that shows topics, groups, ACLs and what the broker does, for whatever engine
//! or cluster the profile names. It reads; what changes the cluster stays in the terminal.
//!
//! Reading order: [`guard`] (who is let in), [`asked`] (as whom, and how a failure is told), [`stream`] and [`watched`]
//! (how views stay up to date), then one file for each view. The page itself is in `page/`, embedded by [`files`].

mod about;
mod acls;
mod asked;
mod files;
mod groups;
mod guard;
mod live;
mod record;
mod records;
mod search;
mod stream;
mod tail;
mod topics;
mod watched;

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use serde_json::json;
use tokio::net::TcpListener;

use self::guard::Guard;
use super::Context;
use crate::error::{Error, Kind, Result};
use crate::profile::ProfileName;
use crate::report::Report;
use crate::words::ui as words;

/// Arguments of `ui`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The port on this machine; 0 takes one that is free.
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    port: u16,
    /// Open the page in the browser.
    #[arg(long)]
    open: bool,
}

pub(super) async fn run(context: &Arc<Context>, args: &Args) -> Result<Report> {
    // The lab starts now, or the reason why not is told here and not on a page.
    context.lab_profile(ProfileName::Admin).await?;
    let listener = match TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, args.port))).await {
        Ok(listener) => listener,
        Err(why) => {
            let error =
                Error::new(Kind::Failed, words::PORT_BUSY.with(&[("port", &args.port), ("why", &why)]));
            return Err(match why.kind() {
                ErrorKind::AddrInUse => error.hint(words::OTHER_PORT).next("kafkalab ui --port 0"),
                _ => error,
            });
        }
    };
    let guard = Guard::new(listener.local_addr()?);
    let url = guard.url();
    context.tidies_up();
    let site = site(Arc::clone(context), guard);
    context.streams();
    if context.ui.is_json() {
        context.ui.data_line(&json!({ "url": url }).to_string())?;
    } else {
        context.ui.data_line(&words::ADDRESS.fill(context.lang(), &[("url", &url)]))?;
    }
    context.ui.note(words::WHOSE);
    context.ui.note(words::UNTIL);
    if args.open
        && let Err(why) = open::that_detached(&url)
    {
        context.ui.warn(words::NOT_OPENED.with(&[("why", &why)]));
    }
    tokio::select! {
        served = axum::serve(listener, site) => served?,
        // Nothing is lost by leaving the page in the middle of an answer.
        () = context.stop.cancelled() => {}
    }
    Ok(Report::streamed())
}

/// Every address that the page has, all of them behind the guard.
fn site(context: Arc<Context>, guard: Guard) -> Router {
    Router::new()
        .route("/{token}/", get(files::index))
        .route("/{token}/{file}", get(files::file))
        .route("/{token}/api/about", get(about::about))
        .route("/{token}/api/topics", get(topics::topics))
        .route("/{token}/api/tail", get(tail::tail))
        .route("/{token}/api/records", get(records::records))
        .route("/{token}/api/record", get(records::record))
        .route("/{token}/api/search", get(search::search))
        .route("/{token}/api/groups", get(groups::groups))
        .route("/{token}/api/acls", get(acls::acls))
        .route("/{token}/api/acl", get(acls::acl))
        .route("/{token}/api/live", get(live::live))
        .with_state(Arc::clone(&context))
        .layer(from_fn_with_state((Arc::new(guard), context), guard::check))
}
