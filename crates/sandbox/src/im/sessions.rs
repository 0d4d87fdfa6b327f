//! Logins of clients, and their ends, with the callbacks that report them.

use actix_web::web;
use serde_json::{Value, json};

use crate::im::callbacks::send_im_callback;
use crate::im::connections::Login;
use crate::im::user_sig::check_user_sig;
use crate::state::SandboxState;

/// How a connection ended, in the words of the callback about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndReason {
    /// The client logged out.
    LoggedOut,
    /// The connection broke.
    LinkClosed,
}

/// Logs an account in that has shown a `UserSig`. An account that IM does not know is imported.
///
/// # Errors
/// The code of Tencent IM when the signature is malformed, expired or not this account's.
pub(crate) fn log_in(
    sandbox: &web::Data<SandboxState>,
    account: &str,
    user_sig: &str,
) -> Result<Login, i64> {
    let (config, now) = (&sandbox.config, sandbox.clock.now());
    check_user_sig(
        config.sdk_app_id,
        &config.im_key,
        account,
        user_sig,
        now.secs(),
    )?;
    let login = {
        let im = &mut sandbox.records().im;
        im.accounts
            .entry(account.to_owned())
            .or_insert_with(|| json!({"Nick": "", "FaceUrl": ""}));
        im.offline.remove(account);
        im.connections.log_in(account)
    };
    report_state(sandbox, account, "Login", "Register");
    Ok(login)
}

/// Ends a session, and reports that the account is gone, and from which groups. Does nothing for a
/// session that another login has ended.
pub(crate) fn end_session(sandbox: &web::Data<SandboxState>, session: &str, reason: EndReason) {
    let ended = {
        let im = &mut sandbox.records().im;
        let ended = im.connections.remove(session);
        if let Some((account, _)) = &ended {
            im.offline.insert(account.clone());
        }
        ended
    };
    let Some((account, groups)) = ended else {
        return;
    };
    for group in groups {
        report_exit(sandbox, &account, &group);
    }
    let (action, cause) = match reason {
        EndReason::LoggedOut => ("Logout", "Unregister"),
        EndReason::LinkClosed => ("Disconnect", "LinkClose"),
    };
    report_state(sandbox, &account, action, cause);
}

/// Reports that an account has left a group.
pub(crate) fn report_exit(sandbox: &web::Data<SandboxState>, account: &str, group: &str) {
    let callback = json!({"GroupId": group, "Type": "AVChatRoom", "ExitType": "Quit",
        "Operator_Account": account, "ExitMemberList": [{"Member_Account": account}],
        "EventTime": sandbox.clock.now().millis()});
    spawn_callback(sandbox, "Group.CallbackAfterMemberExit", callback);
}

fn report_state(sandbox: &web::Data<SandboxState>, account: &str, action: &str, reason: &str) {
    let info = json!({"Action": action, "To_Account": account, "Reason": reason});
    let callback = json!({"Info": info, "EventTime": sandbox.clock.now().millis()});
    spawn_callback(sandbox, "State.StateChange", callback);
}

/// Sends a callback on the runtime of the sandbox, whose end does not wait for it: a connection may
/// end with the thread that serves it.
fn spawn_callback(sandbox: &web::Data<SandboxState>, command: &'static str, callback: Value) {
    let runtime = sandbox.runtime.clone();
    let sandbox = sandbox.clone();
    runtime.spawn(async move {
        send_im_callback(&sandbox, command, callback).await;
    });
}
