//! Fuses that are left as Electron ships them.

use electrolint_model::app::{Configuration, FuseFlips, Packager};
use electrolint_model::electron::fuses::{Fuse, FuseState, state_of};
use electrolint_model::link::things::{Certainty, Thing};

use crate::{Confidence, Context, Findings, Severity, fixes};

rule! {
    /// The packaged app still does what only Node and debuggers need.
    ///
    /// Electron's binary can run as plain Node (`ELECTRON_RUN_AS_NODE`), obeys `NODE_OPTIONS` and `--inspect`, and loads whatever lies
    /// where its archive should be. Any program of the same user can so run code of its own under the app's name, with its
    /// signature, its permissions and its place in the keychain. Fuses switch these off for good when the app is packaged.
    ///
    /// `onlyLoadAppFromAsar` and the validation of the archive belong together: each is worth little without the other.
    ///
    /// ```js
    /// // file: forge.config.js
    /// const { FusesPlugin } = require('@electron-forge/plugin-fuses');
    /// const { FuseV1Options, FuseVersion } = require('@electron/fuses');
    /// module.exports = {
    ///   plugins: [
    ///     new FusesPlugin({
    ///       version: FuseVersion.V1,
    ///       [FuseV1Options.RunAsNode]: true, //~ fuses
    ///       [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
    ///       [FuseV1Options.EnableNodeCliInspectArguments]: false,
    ///       [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: true,
    ///       [FuseV1Options.OnlyLoadAppFromAsar]: true,
    ///     }),
    ///   ],
    /// };
    /// // file: main.js
    /// require('electron');
    /// ```
    ///
    /// Of an app as it is shipped, the fuses are read from the program itself, and what a configuration says does not count.
    ///
    /// With electron-builder:
    ///
    /// ```yaml
    /// electronFuses:
    ///   runAsNode: false
    ///   enableNodeOptionsEnvironmentVariable: false
    ///   enableNodeCliInspectArguments: false
    ///   enableEmbeddedAsarIntegrityValidation: true
    ///   onlyLoadAppFromAsar: true
    /// ```
    pub(crate) static RULE = {
        id: "fuses",
        severity: Severity::Medium,
        items: ["E19"],
        cwe: ["CWE-1188"],
        source: "https://www.electronjs.org/docs/latest/tutorial/security#19-check-which-fuses-you-can-change",
    }
}

/// Fuses that should be off, and what each one lets through.
const SHOULD_BE_OFF: [(Fuse, &str); 3] = [
    (Fuse::RunAsNode, "ELECTRON_RUN_AS_NODE turns the app into a Node that runs any script"),
    (Fuse::EnableNodeOptionsEnvironmentVariable, "NODE_OPTIONS makes the app load any script"),
    (Fuse::EnableNodeCliInspectArguments, "`--inspect` opens the app to a debugger"),
];

const GAIN: &str = "Any program of the same user runs code under the app's name, signature and permissions.";

fn check(cx: &Context, findings: &mut Findings) {
    let places = cx.app.fuse_flips();
    if places.is_empty() {
        return absent(cx, findings);
    }
    for place in &places {
        written(cx, findings, place);
        left_out(cx, findings, place, &places);
        archive(cx, findings, place, &places);
    }
}

/// What a place makes of a fuse: `Some(true)` on, `Some(false)` off, `None` where it is not known or the version lacks it.
fn state(cx: &Context, fuse: Fuse, places: &[FuseFlips]) -> Option<bool> {
    let flips: Vec<&Thing> = places
        .iter()
        .flat_map(|place| &place.flips)
        .filter(|flip| flip.fuse == fuse && flip.value.development != Some(true))
        .map(|flip| &flip.value.thing)
        .collect();
    match flips.as_slice() {
        [] if places.iter().any(|place| place.unknown) => None,
        [] => match state_of(fuse, &cx.app.electron.version) {
            FuseState::On => Some(true),
            FuseState::Off => Some(false),
            FuseState::Missing => None,
        },
        [Thing::Bool(on)] => Some(*on),
        _ => None,
    }
}

fn exists(cx: &Context, fuse: Fuse) -> bool {
    state_of(fuse, &cx.app.electron.version) != FuseState::Missing
}

/// Fuses that are switched on on purpose.
fn written(cx: &Context, findings: &mut Findings, place: &FuseFlips) {
    for flip in &place.flips {
        let Some((_, what)) = SHOULD_BE_OFF.iter().find(|(fuse, _)| *fuse == flip.fuse) else { continue };
        let (on, development) = match flip.value.thing {
            Thing::Bool(on) => (on, flip.value.development),
            Thing::Development(yes) => (true, Some(yes)),
            Thing::Unknown(_) | Thing::Result(..) => (true, flip.value.development),
            _ => continue,
        };
        let depends = matches!(flip.value.thing, Thing::Unknown(_) | Thing::Result(..));
        if !on || !exists(cx, flip.fuse) {
            continue;
        }
        let _ = findings
            .report(&RULE, flip.span, match depends {
                true => format!("the fuse `{}` may be on: {what}", flip.fuse.name()),
                false => format!("the fuse `{}` is on: {what}", flip.fuse.name()),
            })
            .fix(fixes::set(cx.app, flip.span, flip.fuse.name(), false, false).filter(|_| !depends))
            .at_most(if depends { Confidence::Tentative } else { Confidence::Certain })
            .known(flip.value.certainty)
            .gain(GAIN)
            .help(format!("Set `{}` to false.", flip.fuse.name()))
            .symbol(format!("{}.{}", place.symbol, flip.fuse.name()))
            .because(&flip.value.trail)
            .development(development);
    }
}

/// Fuses that are not mentioned and are on by default.
fn left_out(cx: &Context, findings: &mut Findings, place: &FuseFlips, places: &[FuseFlips]) {
    let mentioned = |fuse: Fuse| places.iter().any(|place| place.flips.iter().any(|flip| flip.fuse == fuse));
    let left: Vec<&(Fuse, &str)> = SHOULD_BE_OFF
        .iter()
        .filter(|(fuse, _)| !mentioned(*fuse) && state_of(*fuse, &cx.app.electron.version) == FuseState::On)
        .collect();
    let Some((_, what)) = left.first() else { return };
    let names: Vec<String> = left.iter().map(|(fuse, _)| format!("`{}`", fuse.name())).collect();
    let message = match left.as_slice() {
        [_] => format!("the fuse {} is left on: {what}", names.join(", ")),
        _ => format!("the fuses {} are left on: {what}", names.join(", ")),
    };
    let unknown = places.iter().any(|place| place.unknown);
    let _ = findings
        .report(&RULE, place.span, message)
        .known(place.certainty)
        .at_most(if unknown { Confidence::Tentative } else { Confidence::Firm })
        .gain(GAIN)
        .help(format!("Set {} to false.", names.join(", ")))
        .symbol(format!("{}.left", place.symbol));
}

/// The two fuses that belong together.
fn archive(cx: &Context, findings: &mut Findings, place: &FuseFlips, places: &[FuseFlips]) {
    let (integrity, only) = (Fuse::EnableEmbeddedAsarIntegrityValidation, Fuse::OnlyLoadAppFromAsar);
    if !exists(cx, integrity) {
        return;
    }
    let (message, help, severity) = match (state(cx, integrity, places), state(cx, only, places)) {
        (Some(false), Some(false)) => (
            "the app's archive is neither checked nor the only thing that is loaded",
            "Set `EnableEmbeddedAsarIntegrityValidation` and `OnlyLoadAppFromAsar` to true.",
            Severity::Low,
        ),
        (Some(true), Some(false)) => (
            "the archive's check can be walked around: a folder `app` beside it is loaded in its place",
            "Set `OnlyLoadAppFromAsar` to true as well.",
            Severity::Medium,
        ),
        (Some(false), Some(true)) => (
            "the archive that alone is loaded is not checked: whoever may write it changes the app",
            "Set `EnableEmbeddedAsarIntegrityValidation` to true as well.",
            Severity::Low,
        ),
        _ => return,
    };
    // At the fuse that is off if it is written, else at the place that lacks it.
    let off = place.flips.iter().find(|flip| {
        matches!(flip.fuse, Fuse::EnableEmbeddedAsarIntegrityValidation | Fuse::OnlyLoadAppFromAsar)
            && matches!(flip.value.thing, Thing::Bool(false))
    });
    let _ = findings
        .report(&RULE, off.map_or(place.span, |flip| flip.span), message)
        .severity(severity)
        .known(place.certainty)
        .at_most(Confidence::Firm)
        .gain("Whoever may write in the app's folder changes what the signed app runs.")
        .help(help)
        .symbol(format!("{}.archive", place.symbol));
}

/// An app that is packaged and flips nothing.
fn absent(cx: &Context, findings: &mut Findings) {
    let configurations = cx.app.configurations();
    let Some(first) = configurations.first() else { return };
    if !exists(cx, Fuse::RunAsNode) {
        return;
    }
    let help = match first.packager {
        Packager::Builder => "Set them under `electronFuses` in electron-builder's configuration.",
        Packager::Forge => "Add `@electron-forge/plugin-fuses` to the plugins of Forge's configuration.",
        Packager::Packager => "Flip them with `flipFuses` of `@electron/fuses` once the app is packaged, before it is signed.",
    };
    // No option of Electron Packager flips a fuse.
    let is_read = |configuration: &Configuration| {
        configuration.object.is_some() || configuration.packager == Packager::Packager
    };
    let all_read = configurations.iter().all(is_read);
    let _ = findings
        .report(&RULE, cx.app.main_start(), "the packaged app flips no fuse: it runs as Node when asked to")
        .known(configurations.iter().map(|configuration| configuration.certainty).min().unwrap_or(Certainty::Firm))
        .at_most(if all_read { Confidence::Firm } else { Confidence::Tentative })
        .at_most(if cx.app.electron.is_known() { Confidence::Firm } else { Confidence::Tentative })
        .gain(GAIN)
        .help(help)
        .symbol("fuses")
        .app_wide()
        .related(first.span, "the app is packaged by this configuration");
}
