//! Discovery as a whole, on folders made for the purpose.

use std::fs;
use std::path::{Path, PathBuf};

use electrolint_model::problem::ProblemKind;
use electrolint_model::source::Role;
use tempfile::TempDir;

use super::{DiscoverError, Discovery, FoundApp, Glob, Options, read};

const ELECTRON: &str = r#"{"name": "app", "main": "main.js", "devDependencies": {"electron": "30.0.0"}}"#;
const MAIN: &str = "const { app } = require('electron');\n";

/// A folder of files, in a repository of its own so that nothing around it counts.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().expect("temporary folder");
    fs::create_dir(folder.path().join(".git")).expect("made");
    for (path, content) in files {
        write(folder.path(), path, content.as_bytes());
    }
    folder
}

fn write(folder: &Path, path: &str, content: &[u8]) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().expect("has a parent")).expect("made");
    fs::write(path, content).expect("written");
}

fn find(folder: &TempDir, paths: &[&str]) -> Discovery {
    find_with(folder, paths, &Options::default())
}

fn find_with(folder: &TempDir, paths: &[&str], options: &Options) -> Discovery {
    let paths: Vec<PathBuf> = paths.iter().map(|path| folder.path().join(path)).collect();
    read(&paths, options, &unconfigured()).expect("paths exist")
}

fn one(discovery: &Discovery) -> &FoundApp {
    assert_eq!(discovery.apps.len(), 1, "{:?}", roots(discovery));
    &discovery.apps[0]
}

fn roots(discovery: &Discovery) -> Vec<&str> {
    discovery.apps.iter().map(|app| app.sources.root.as_str()).collect()
}

fn files(app: &FoundApp) -> Vec<&str> {
    app.sources.files.iter().map(|file| file.path.as_str()).collect()
}

fn roles(app: &FoundApp, role: Role) -> Vec<&str> {
    app.sources.files.iter().filter(|file| file.role == role).map(|file| file.path.as_str()).collect()
}

fn omitted(app: &FoundApp) -> Vec<(&str, &str, Option<u32>)> {
    app.sources.omitted.iter().map(|left| (left.path.as_str(), left.reason.as_str(), left.files)).collect()
}

fn problems(app: &FoundApp) -> Vec<(&str, ProblemKind)> {
    app.sources.problems.iter().map(|problem| (problem.path.as_str(), problem.kind)).collect()
}

fn globs(globs: &[&str]) -> Vec<Glob> {
    globs.iter().map(|glob| Glob::new(glob).expect("is a glob")).collect()
}

#[test]
fn a_folder_with_electron_is_an_app() {
    let folder = folder(&[
        ("package.json", ELECTRON),
        ("main.js", MAIN),
        ("src/page.html", "<p>"),
        ("src/style.css", ""),
        ("data.json", "{}"),
        ("package-lock.json", "{}"),
        (".npmrc", ""),
        ("node_modules/electron/package.json", "{}"),
        ("node_modules/other/index.js", ""),
    ]);
    let found = find(&folder, &["."]);
    let app = one(&found);
    assert_eq!((app.sources.root.as_str(), app.name.as_deref()), ("", Some("app")));
    assert_eq!(roles(app, Role::Own), ["main.js", "package.json", "src/page.html"]);
    assert_eq!(roles(app, Role::Context), [".npmrc", "node_modules/electron/package.json", "package-lock.json"]);
    assert_eq!(omitted(app), [("node_modules", "installed packages", None)]);
    assert!(app.narrowed.is_empty() && problems(app).is_empty() && found.tried.is_empty());
}

#[test]
fn a_main_that_imports_electron_makes_an_app() {
    let folder = folder(&[("package.json", r#"{"main": "start"}"#), ("start.js", MAIN)]);
    assert_eq!(files(one(&find(&folder, &["."]))), ["package.json", "start.js"]);
    // A bundle that is not there yet, beside what it is made of; the tools are a package of their own.
    let tools = r#"{"devDependencies": {"electron": "39.2.7"}}"#;
    let files_of_two = [
        ("app/package.json", r#"{"main": "main.build.js"}"#),
        ("app/main.js", MAIN),
        ("tools/package.json", tools),
        ("tools/make.js", "run()"),
    ];
    let folder = self::folder(&files_of_two);
    assert_eq!(files(one(&find(&folder, &["."]))), ["app/main.js", "app/package.json"]);
}

#[test]
fn a_package_that_packs_another_one_is_one_app_with_it() {
    let outer = |build: &str| {
        format!(r#"{{"name": "outer", "devDependencies": {{"electron": "30", "electron-builder": "26"}}, {build}}}"#)
    };
    let both = ["package.json", "src/main.js", "src/package.json"];
    let around = |text: &str| {
        let folder = folder(&[("package.json", text), ("src/package.json", ELECTRON), ("src/main.js", MAIN)]);
        let found = find(&folder, &["."]);
        (one(&found).sources.root.clone(), roles(one(&found), Role::Own).len())
    };
    assert_eq!(around(&outer(r#""build": {"directories": {"app": "src"}}"#)), (String::new(), both.len()));
    assert_eq!(around(&outer(r#""scripts": {"pack": "electron-packager ./src --all"}"#)), (String::new(), both.len()));
    // What it packs is another folder, or one of several packages.
    assert_eq!(around(&outer(r#""build": {"directories": {"output": "src"}}"#)), ("src".to_owned(), 2));
    assert_eq!(
        around(&outer(r#""workspaces": ["src"], "build": {"directories": {"app": "src"}}"#)),
        ("src".to_owned(), 2)
    );
    let default = self::folder(&[
        ("package.json", &outer(r#""build": {"appId": "a"}"#)),
        ("app/package.json", ELECTRON),
        ("app/main.js", MAIN),
        ("electron-builder.yml", "directories:\n  output: out\n"),
    ]);
    assert_eq!(one(&find(&default, &["."])).sources.root, "");
}

#[test]
fn a_package_of_pages_beside_the_only_app_belongs_to_it() {
    let page = "const { shell } = window.require('electron');\n";
    let around = |ui: &str, script: &str| {
        let folder = folder(&[
            ("server/package.json", ELECTRON),
            ("server/main.js", "const { BrowserWindow } = require('electron');\nnew BrowserWindow();\n"),
            ("ui/package.json", ui),
            ("ui/public/index.html", "<p>"),
            ("ui/src/index.js", script),
            ("site/package.json", "{}"),
            ("site/index.html", "<p>"),
            ("site/index.js", ""),
        ]);
        let found = find(&folder, &["."]);
        found.apps.iter().map(|app| (app.sources.root.clone(), files(app).len())).collect::<Vec<_>>()
    };
    assert_eq!(around("{}", page), [("server".to_owned(), 5)]);
    assert_eq!(around("{}", ""), [("server".to_owned(), 2)]);
    // A program of its own is another app.
    let program =
        "const { app, BrowserWindow } = require('electron');\napp.whenReady().then(() => new BrowserWindow());\n";
    assert_eq!(around(r#"{"devDependencies": {"electron": "30"}}"#, program).len(), 2);
}

#[test]
fn scripts_without_a_package_are_an_app_if_one_imports_electron() {
    let folder = folder(&[("main.js", MAIN), ("other/x.js", ""), ("web/site.js", "")]);
    assert_eq!(files(one(&find(&folder, &["."]))), ["main.js", "other/x.js", "web/site.js"]);
    let nothing = find(&folder, &["web"]);
    assert!(nothing.apps.is_empty());
    assert_eq!(nothing.tried.len(), 1, "{:?}", nothing.tried);
}

#[test]
fn a_path_inside_an_app_narrows_the_report_only() {
    let folder = folder(&[("package.json", ELECTRON), ("main.js", MAIN), ("src/a.js", ""), ("src/test/b.js", "")]);
    let found = find(&folder, &["src"]);
    let app = one(&found);
    assert_eq!((app.sources.root.as_str(), files(app)), ("..", vec!["../main.js", "../package.json", "a.js"]));
    assert_eq!(app.narrowed, [""]);
    assert!(app.asks_for("a.js") && !app.asks_for("../main.js"));

    let found = find(&folder, &["src/a.js", "src/test/b.js"]);
    let app = one(&found);
    assert_eq!(app.narrowed.len(), 2);
    assert!(files(app).iter().filter(|file| app.asks_for(file)).count() == 2);
    assert!(files(app).iter().any(|file| file.ends_with("src/test/b.js")), "a file given is read: {:?}", files(app));

    assert!(one(&find(&folder, &["src", "."])).narrowed.is_empty(), "the whole app was asked for too");
}

#[test]
fn a_lone_file_is_read_with_the_files_that_it_names() {
    let folder = folder(&[
        ("main.js", "require('electron'); new X(join(__dirname, 'preload.js')); require('./helper')"),
        ("preload.js", ""),
        ("helper.js", ""),
        ("unrelated.js", ""),
        ("plain.js", ""),
    ]);
    let found = find(&folder, &["main.js"]);
    let names: Vec<_> = files(one(&found)).iter().filter_map(|path| path.rsplit('/').next()).collect();
    assert_eq!(names, ["helper.js", "main.js", "preload.js"]);
    assert_eq!(one(&found).narrowed.len(), 1);
    assert_eq!(files(one(&find(&folder, &["plain.js"]))).len(), 1, "given by name, so read");
    let found = find(&folder, &["main.js", "plain.js", "helper.js"]);
    assert_eq!(one(&found).narrowed.len(), 2, "the app has no use for a file that may be anything");
}

#[test]
fn sites_of_documentation_are_left_out() {
    let folder = folder(&[
        ("package.json", ELECTRON),
        ("main.js", MAIN),
        ("docs/guide.js", ""),
        ("docs/.vitepress/config.js", ""),
        ("docs/.vitepress/theme/Page.vue", "<template></template>"),
    ]);
    let found = find(&folder, &["."]);
    let app = one(&found);
    assert_eq!(roles(app, Role::Own), ["docs/guide.js", "main.js", "package.json"]);
    assert_eq!(omitted(app), [("docs/.vitepress", "a site of documentation", None)]);
}

#[test]
fn packages_that_an_app_copies_or_links_are_read_with_it() {
    let desktop = r#"{"devDependencies": {"electron": "39.2.7"}, "dependencies": {"lib": "file:../lib/", "all": "file:.."},
        "scripts": {"predist": "copyfiles ../web/public/* packages && cd ../site && yarn lint ../tools", "build": "node build.mjs"}}"#;
    let folder = folder(&[
        ("package.json", "{}"),
        ("desktop/package.json", desktop),
        ("desktop/main.js", MAIN),
        ("desktop/build.mjs", "fs.cpSync(join(__dirname, '..', 'api', 'dist'), 'api')"),
        ("web/package.json", "{}"),
        ("web/page.js", ""),
        ("api/package.json", r#"{"dependencies": {"deep": "link:../deep"}}"#),
        ("api/index.js", ""),
        ("deep/package.json", "{}"),
        ("lib/package.json", "{}"),
        ("site/package.json", "{}"),
        ("site/page.js", ""),
        ("tools/package.json", "{}"),
    ]);
    let found = find(&folder, &["."]);
    let read = [
        "api/index.js",
        "api/package.json",
        "deep/package.json",
        "lib/package.json",
        "web/package.json",
        "web/page.js",
    ];
    assert_eq!(roles(one(&found), Role::Workspace), read);
}

#[test]
fn packages_that_an_app_shows_or_hands_electron_to_are_read_with_it() {
    let main = format!("{MAIN}\nwin.loadFile(path.join(__dirname, '../../web/dist/index.html'));");
    let mut all = vec![
        ("package.json", "{}"),
        ("apps/desktop/package.json", r#"{"devDependencies": {"electron": "39.2.7"}}"#),
        ("apps/desktop/main.js", &main),
        ("web/package.json", "{}"),
        ("web/page.js", ""),
        ("client/package.json", "{}"),
        ("client/host.js", "const { shell } = window.require('electron');"),
        ("client/index.html", "<script src=host.js></script>"),
        ("site/package.json", "{}"),
        ("site/page.js", "// for electron"),
        ("plugin/package.json", r#"{"peerDependencies": {"electron": "*"}}"#),
        ("plugin/index.js", ""),
    ];
    let found = find(&folder(&all), &["."]);
    let read = ["client/host.js", "client/index.html", "client/package.json", "web/package.json", "web/page.js"];
    assert_eq!(roles(one(&found), Role::Workspace), read);
    // Of two apps nobody knows which one hands it over.
    all.push(("other/package.json", r#"{"devDependencies": {"electron": "39.2.7"}}"#));
    all.push(("other/main.js", MAIN));
    let found = find(&folder(&all), &["."]);
    assert!(found.apps.iter().flat_map(files).all(|file| !file.starts_with("client/")));
}

#[test]
fn a_monorepo_holds_several_apps() {
    let folder = folder(&[
        ("package.json", r#"{"workspaces": ["packages/*"], "devDependencies": {"electron": "30"}}"#),
        ("scripts/build.js", ""),
        ("yarn.lock", ""),
        ("packages/a/package.json", r#"{"name": "a", "dependencies": {"electron": "30", "lib": "*"}}"#),
        ("packages/a/main.ts", "import { app } from 'electron';"),
        ("packages/b/package.json", r#"{"name": "b", "devDependencies": {"electron": "30"}}"#),
        ("packages/b/main.ts", "import { app } from 'electron';"),
        ("packages/lib/package.json", r#"{"name": "lib", "dependencies": {"deep": "*"}}"#),
        ("packages/lib/index.ts", ""),
        ("packages/deep/package.json", r#"{"name": "deep"}"#),
        ("packages/deep/index.ts", ""),
        ("packages/website/package.json", r#"{"name": "website"}"#),
        ("packages/website/index.ts", ""),
    ]);
    let found = find(&folder, &["."]);
    assert_eq!(roots(&found), ["packages/a", "packages/b"]);
    let a = &found.apps[0];
    assert_eq!(roles(a, Role::Own), ["packages/a/main.ts", "packages/a/package.json"]);
    assert_eq!(
        roles(a, Role::Workspace),
        ["packages/deep/index.ts", "packages/deep/package.json", "packages/lib/index.ts", "packages/lib/package.json"]
    );
    assert_eq!(roles(a, Role::Context), ["package.json", "yarn.lock"]);

    let unused: Vec<_> = found.omitted.iter().map(|left| (left.path.as_str(), left.files)).collect();
    assert_eq!(unused, [("", Some(1)), ("packages/website", Some(1))]);

    let found = find(&folder, &["packages/a"]);
    let a = one(&found);
    assert_eq!(a.sources.root, "");
    assert!(a.narrowed.is_empty());
    assert_eq!(roles(a, Role::Context), ["../../package.json", "../../yarn.lock"]);
    assert!(files(a).contains(&"../lib/index.ts"));

    let found = find(&folder, &["packages/lib"]);
    assert_eq!(one(&found).sources.root, "../a", "the app that it is for");
    assert_eq!(one(&found).narrowed, [""]);
}

#[test]
fn pnpm_and_object_workspaces_are_understood() {
    let member = r#"{"name": "a", "dependencies": {"lib": "workspace:*"}, "devDependencies": {"electron": "1"}}"#;
    let files =
        [("apps/a/package.json", member), ("libs/lib/package.json", r#"{"name": "lib"}"#), ("libs/lib/i.js", "")];
    let pnpm = folder(&[&files[..], &[("pnpm-workspace.yaml", "packages:\n  - apps/*\n  - 'libs/*'\n")]].concat());
    let yarn =
        folder(&[&files[..], &[("package.json", r#"{"workspaces": {"packages": ["apps/*", "libs/*"]}}"#)]].concat());
    let lerna = folder(&[&files[..], &[("lerna.json", r#"{"packages": ["apps/*", "libs/*"]}"#)]].concat());
    for folder in [pnpm, yarn, lerna] {
        let found = find(&folder, &["apps/a"]);
        assert_eq!(roles(one(&found), Role::Workspace), ["../../libs/lib/i.js", "../../libs/lib/package.json"]);
    }
}

#[test]
fn two_package_files_of_one_app_are_one_app() {
    let folder = folder(&[
        ("package.json", r#"{"devDependencies": {"electron": "22"}}"#),
        ("app/package.json", r#"{"name": "inner", "main": "index.js"}"#),
        ("app/index.ts", "import {app} from 'electron'"),
        ("lib/ui.tsx", ""),
    ]);
    assert_eq!(roots(&find(&folder, &["."])), [""]);
    let found = find(&folder, &["app"]);
    assert_eq!((one(&found).sources.root.as_str(), &one(&found).narrowed[..]), ("..", &[String::new()][..]));
}

#[test]
fn a_member_that_imports_electron_without_saying_so_is_an_app_when_asked_for() {
    let folder = folder(&[
        ("package.json", r#"{"workspaces": ["*"]}"#),
        ("a/package.json", r#"{"name": "a", "dependencies": {"electron": "1"}}"#),
        ("a/main.js", MAIN),
        ("b/package.json", r#"{"name": "b", "main": "start.js"}"#),
        ("b/start.js", "require('./run')"),
        ("b/run.js", MAIN),
    ]);
    assert_eq!(roots(&find(&folder, &["."])), ["a"]);
    let found = find(&folder, &["b"]);
    assert_eq!((one(&found).name.as_deref(), files(one(&found)).len()), (Some("b"), 3));
}

#[test]
fn a_package_of_types_alone_is_no_app() {
    let types = r#"{"name": "types", "types": "./index.d.ts", "dependencies": {"electron": "30.0.0"}}"#;
    let declaration = "import { BrowserWindow } from 'electron';\ndeclare const main: BrowserWindow;\n";
    let of_types = [("package.json", ELECTRON), ("main.js", MAIN), ("types/package.json", types)];
    let folder_of_types = folder(&[&of_types[..], &[("types/index.d.ts", declaration)]].concat());
    assert_eq!(roots(&find(&folder_of_types, &["."])), [""]);
    let with_code = folder(&[&of_types[..], &[("types/index.ts", declaration)]].concat());
    assert_eq!(roots(&find(&with_code, &["."])), ["", "types"]);
}

#[test]
fn a_library_of_the_workspace_is_no_app() {
    let folder = folder(&[
        ("package.json", r#"{"workspaces": ["*"]}"#),
        ("a/package.json", r#"{"name": "a", "dependencies": {"b": "*", "electron": "1"}}"#),
        ("a/main.js", MAIN),
        ("b/package.json", r#"{"name": "b", "peerDependencies": {"electron": "*"}}"#),
        ("b/index.js", MAIN),
    ]);
    let found = find(&folder, &["."]);
    assert_eq!(roots(&found), ["a"]);
    assert_eq!(roles(one(&found), Role::Workspace), ["b/index.js", "b/package.json"]);
}

#[test]
fn a_part_that_an_app_depends_on_through_a_library_is_read_with_it() {
    let folder = folder(&[
        ("lerna.json", r#"{"packages": ["packages/*"]}"#),
        ("packages/core/package.json", r#"{"name": "core", "dependencies": {"main": "*"}}"#),
        ("packages/core/index.js", ""),
        ("packages/main/package.json", r#"{"name": "main", "dependencies": {"core": "*", "electron": "30"}}"#),
        ("packages/main/main.js", MAIN),
        ("packages/ui/package.json", r#"{"name": "ui", "dependencies": {"core": "*", "electron": "30"}}"#),
        ("packages/ui/links.js", "const { shell } = require('electron');"),
    ]);
    let found = find(&folder, &["."]);
    assert_eq!(roots(&found), ["packages/ui"]);
    assert!(files(one(&found)).contains(&"packages/main/main.js"));
    assert_eq!(roots(&find(&folder, &["packages/main"])), [""], "alone, it is one");
}

#[test]
fn test_code_is_left_out_relative_to_the_folder_given() {
    let folder = folder(&[
        ("fixtures/app/package.json", ELECTRON),
        ("fixtures/app/main.js", MAIN),
        ("fixtures/app/test/a.js", ""),
        ("fixtures/app/test/deep/b.js", ""),
        ("fixtures/app/main.spec.js", ""),
    ]);
    let found = find(&folder, &["fixtures/app"]);
    assert_eq!(files(one(&found)), ["main.js", "package.json"]);
    assert_eq!(omitted(one(&found)), [("main.spec.js", "test code", Some(1)), ("test", "test code", Some(2))]);

    let nothing = find(&folder, &["."]);
    assert!(nothing.apps.is_empty());
    assert!(nothing.tried.iter().any(|tried| tried.contains("fixtures")), "{:?}", nothing.tried);

    let options = Options { include_tests: true, ..Options::default() };
    let found = find_with(&folder, &["."], &options);
    assert_eq!(files(one(&found)).len(), 5);
}

#[test]
fn globs_bring_back_and_leave_out() {
    let folder = folder(&[
        ("package.json", ELECTRON),
        ("main.js", MAIN),
        ("test/a.js", ""),
        ("vendor/x.js", ""),
        ("node_modules/dep/index.js", ""),
        ("node_modules/dep/other.js", ""),
    ]);
    let options = Options {
        include: globs(&["test/**", "node_modules/dep/index.js"]),
        exclude: globs(&["vendor"]),
        ..Options::default()
    };
    let found = find_with(&folder, &["."], &options);
    assert_eq!(files(one(&found)), ["main.js", "node_modules/dep/index.js", "package.json", "test/a.js"]);
    assert!(omitted(one(&found)).contains(&("vendor", "excluded by an option", None)));
}

#[test]
fn nested_ignore_files_count_unless_turned_off() {
    let folder = folder(&[
        ("package.json", ELECTRON),
        ("main.js", MAIN),
        (".gitignore", "generated\n*.gen.js\n"),
        (".git/info/exclude", "/private.js\n"),
        ("private.js", ""),
        ("generated/a.js", ""),
        ("src/.gitignore", "!keep.gen.js\nlocal.js\n"),
        ("src/keep.gen.js", ""),
        ("src/drop.gen.js", ""),
        ("src/local.js", ""),
        ("local.js", ""),
    ]);
    let found = find(&folder, &["."]);
    assert_eq!(files(one(&found)), ["local.js", "main.js", "package.json", "src/keep.gen.js"]);
    assert!(omitted(one(&found)).contains(&("generated", "ignored by git", None)));
    let found = find(&folder, &["src"]);
    assert!(!files(one(&found)).contains(&"drop.gen.js"), "ignore files above the folder given count");
    let options = Options { no_ignore_files: true, ..Options::default() };
    assert_eq!(files(one(&find_with(&folder, &["."], &options))).len(), 8);
}

#[test]
fn what_the_app_loads_is_read_although_git_ignores_it() {
    let folder = folder(&[
        ("package.json", ELECTRON),
        (".gitignore", "plugins\nsecret.js\nbuilt.js\n"),
        ("main.js", "require('electron'); require('./plugins/install'); require('./built'); load('secret.js')"),
        ("plugins/install.ts", "import './more'"),
        ("plugins/more.ts", ""),
        ("plugins/unused.ts", ""),
        ("secret.js", ""),
        ("built.js", ""),
        ("built.ts", ""),
    ]);
    let expected = ["built.ts", "main.js", "package.json", "plugins/install.ts", "plugins/more.ts", "secret.js"];
    let found = find(&folder, &["."]);
    assert_eq!(files(one(&found)), expected);
    assert_eq!(
        omitted(one(&found)),
        [("built.js", "ignored by git", Some(1)), ("plugins", "ignored by git, except what the app loads", None)]
    );
    let options = Options { exclude: globs(&["secret.js"]), ..Options::default() };
    assert!(!files(one(&find_with(&folder, &["."], &options))).contains(&"secret.js"));
}

#[test]
fn a_folder_given_inside_one_that_is_left_out_is_read() {
    let folder = folder(&[
        ("package.json", ELECTRON),
        ("main.js", MAIN),
        ("test/helpers/a.js", ""),
        ("test/helpers/test/deep.js", ""),
        ("test/helpers/z.js", ""),
        ("test/other.js", ""),
        ("zoo.js", ""),
    ]);
    let found = find(&folder, &["test/helpers"]);
    assert_eq!(files(one(&found)), ["../../main.js", "../../package.json", "../../zoo.js", "a.js", "z.js"]);
}

#[test]
fn templates_are_listed_as_not_read() {
    let folder = folder(&[("package.json", ELECTRON), ("main.js", MAIN), ("page.hbs", "")]);
    let found = find(&folder, &["."]);
    assert_eq!(omitted(one(&found)), [("page.hbs", "page templates are not read yet", Some(1))]);
}

#[test]
fn an_output_whose_sources_are_there_is_left_out() {
    let built =
        "\"use strict\";\nObject.defineProperty(exports, \"__esModule\", { value: true });\nrequire('electron');\n";
    let package = r#"{"main": "dist/main.js", "devDependencies": {"electron": "1"}}"#;
    let with = folder(&[
        ("package.json", package),
        ("dist/main.js", built),
        ("dist/index.html", ""),
        ("src/main.ts", "import 'electron'"),
        ("build/notarize.js", "module.exports = 1"),
    ]);
    let found = find(&with, &["."]);
    assert_eq!(files(one(&found)), ["build/notarize.js", "package.json", "src/main.ts"]);
    assert_eq!(omitted(one(&found)), [("dist", "build output whose sources are read", Some(2))]);

    let without = folder(&[("package.json", package), ("dist/main.js", built), ("webpack.config.js", "")]);
    assert_eq!(files(one(&find(&without, &["."]))), ["dist/main.js", "package.json", "webpack.config.js"]);

    let ignored =
        folder(&[("package.json", package), ("dist/main.js", built), ("dist/p.js", ""), (".gitignore", "dist")]);
    assert_eq!(files(one(&find(&ignored, &["."]))), ["dist/main.js", "dist/p.js", "package.json"]);

    let both = folder(&[("package.json", package), ("dist/main.js", built), ("main.ts", MAIN), (".gitignore", "dist")]);
    assert_eq!(files(one(&find(&both, &["."]))), ["main.ts", "package.json"]);
}

#[test]
fn of_a_folder_that_a_build_adds_to_only_what_it_made_is_left_out() {
    let made = "\"use strict\";\nObject.defineProperty(exports, \"__esModule\", { value: true });\n";
    let of = |ignored: &str| {
        folder(&[
            ("package.json", r#"{"main": "src/main.js", "devDependencies": {"electron": "1"}}"#),
            ("src/main.js", MAIN),
            ("dist/library.js", made),
            ("dist/article/index.html", "<script src='article.js'></script>"),
            ("dist/article/article.js", "document.title = 'Article';"),
            (".gitignore", ignored),
        ])
    };
    for some in ["dist/bundle.js", "/dist/*.map", "node_modules\ndist/generated"] {
        let found = find(&of(some), &["."]);
        let kept = ["dist/article/article.js", "dist/article/index.html", "package.json", "src/main.js"];
        assert_eq!(files(one(&found)), kept, "{some}");
        assert_eq!(omitted(one(&found)), [("dist/library.js", "build output whose sources are read", Some(1))]);
    }
    for all in ["", "dist", "dist/*", "dist/**", "distribution/a.js"] {
        assert_eq!(files(one(&find(&of(all), &["."]))), ["package.json", "src/main.js"], "{all}");
    }
}

#[test]
fn what_lies_beside_its_source_is_left_out() {
    let built = "\"use strict\";\nexports.__esModule = true;\nvar electron_1 = require(\"electron\");\n";
    let plain = "import { ipcRenderer } from \"electron\";\nipcRenderer.send(\"ready\", \"a\", \"b\");\n";
    let source =
        "import { ipcRenderer } from 'electron';\nconst a: string = 'a';\nipcRenderer.send('ready', a, 'b');\n";
    let table = r#"(function(e){return e("./main.dev.js")})({"./main.dev.js":function(e,t,n){n("./node_modules/a/index.js")},"./lib/b.ts":1});
//\# sourceMappingURL=start.js.map"#.replace('\\', "");
    let joined = "var __defProp = Object.defineProperty;\n\n// lib/b.ts\nvar b = 1;\n\n// gone.ts\n";
    let map = "//# sourceMappingURL=other.js.map";
    let with = folder(&[
        ("package.json", ELECTRON),
        ("main.js", built),
        ("main.ts", source),
        ("preload.js", plain),
        ("preload.ts", source),
        // Another program of the same name, and the same words in files of which none is made from the other.
        ("page.js", "const page = ['one', 'two', 'three', 'four'];"),
        ("page.ts", source),
        ("watch.mjs", plain),
        ("watch.ts", source),
        ("main.dev.js", MAIN),
        ("start.js", &table),
        ("lib/b.ts", ""),
        ("joined.js", joined),
        ("other.js", map),
        ("other.prod.js", built),
        ("store.js", ""),
        ("store.prod.js", "module.exports = 1;"),
    ]);
    let found = find(&with, &["."]);
    let sources =
        ["lib/b.ts", "main.dev.js", "main.ts", "other.js", "package.json", "page.js", "page.ts", "preload.ts"];
    let pairs = ["store.js", "store.prod.js", "watch.mjs", "watch.ts"];
    assert_eq!(files(one(&found)), [&["joined.js"], &sources[..], &pairs].concat());
    let left = ["main.js", "other.prod.js", "preload.js", "start.js"];
    assert_eq!(omitted(one(&found)), left.map(|path| (path, "build output whose sources are read", Some(1))));

    let wanted = Options { include: globs(&["main.js"]), ..Options::default() };
    assert!(files(one(&find_with(&with, &["."], &wanted))).contains(&"main.js"));
}

#[test]
fn big_bundles_are_left_out_unless_they_are_the_app() {
    let bundle = format!("require('electron');{}", "f(1);".repeat(300_000));
    let long = "f(1);\n".repeat(200_000);
    let with = folder(&[("package.json", ELECTRON), ("main.js", MAIN), ("vendor.js", &bundle), ("long.js", &long)]);
    let found = find(&with, &["."]);
    assert_eq!(files(one(&found)), ["long.js", "main.js", "package.json"]);
    assert_eq!(omitted(one(&found)), [("vendor.js", "minified or generated file over 1 MB", Some(1))]);
    let alone = folder(&[("package.json", ELECTRON), ("main.js", &bundle)]);
    assert_eq!(files(one(&find(&alone, &["."]))), ["main.js", "package.json"]);
}

#[test]
fn files_over_the_limit_are_problems() {
    let folder = folder(&[("package.json", ELECTRON), ("main.js", MAIN), ("big.js", &"x = 1;\n".repeat(100))]);
    let options = Options { max_file_size: 500, ..Options::default() };
    let found = find_with(&folder, &["."], &options);
    assert_eq!(problems(one(&found)), [("big.js", ProblemKind::FileTooLarge)]);
    assert_eq!(files(one(&found)), ["main.js", "package.json"]);
}

#[test]
fn bad_files_are_problems_and_do_not_hide_others() {
    let folder = folder(&[("main.js", MAIN)]);
    write(folder.path(), "package.json", b"\xEF\xBB\xBF{\"devDependencies\": {\"electron\": ");
    write(folder.path(), "nul.js", b"a\0b");
    write(folder.path(), "latin1.js", b"// \xE9");
    let utf16: Vec<u8> = [0xFEFF].into_iter().chain("let a".encode_utf16()).flat_map(u16::to_le_bytes).collect();
    write(folder.path(), "utf16.js", &utf16);
    let found = find(&folder, &["."]);
    let app = one(&found);
    assert_eq!(files(app), ["latin1.js", "main.js", "package.json", "utf16.js"]);
    assert_eq!(
        problems(app),
        [("latin1.js", ProblemKind::Encoding), ("nul.js", ProblemKind::Binary), ("package.json", ProblemKind::BadData)]
    );
    let text = &app.sources.files[3].text;
    assert_eq!((text.content.as_str(), text.disk_offset(4)), ("let a", 10));
}

#[test]
fn a_mark_before_package_json_is_no_error() {
    let folder = folder(&[("package.json", &format!("\u{FEFF}{ELECTRON}")), ("main.js", "")]);
    assert!(problems(one(&find(&folder, &["."]))).is_empty());
}

#[test]
fn a_path_that_does_not_exist_is_an_error() {
    let folder = folder(&[("package.json", ELECTRON)]);
    let missing = folder.path().join("nowhere");
    let error = read(std::slice::from_ref(&missing), &Options::default(), &unconfigured()).expect_err("is missing");
    assert!(matches!(error, DiscoverError::Missing { path } if path == missing));
}

#[test]
fn apps_said_are_the_apps() {
    let folder = folder(&[("package.json", ELECTRON), ("main.js", MAIN), ("inner/x.js", ""), ("inner/y/z.js", "")]);
    let options = Options { app: vec![folder.path().join("inner")], ..Options::default() };
    let found = find_with(&folder, &["."], &options);
    assert_eq!((roots(&found), files(one(&found))), (vec!["inner"], vec!["inner/x.js", "inner/y/z.js"]));
    assert!(one(&found).narrowed.is_empty());
    assert_eq!(one(&find_with(&folder, &["inner/y"], &options)).narrowed, [""]);
}

#[test]
fn builder_configuration_of_any_name_is_read() {
    let folder = folder(&[
        ("package.json", r#"{"scripts": {"d": "electron-builder -c cfg/b.yml"}, "dependencies": {"electron": "1"}}"#),
        ("cfg/b.yml", ""),
        ("cfg/c.yml", ""),
        ("electron-builder-mas.json5", ""),
        ("forge.config.ts", ""),
    ]);
    let expected = ["cfg/b.yml", "electron-builder-mas.json5", "forge.config.ts", "package.json"];
    assert_eq!(files(one(&find(&folder, &["."]))), expected);
}

#[test]
fn the_same_folder_gives_the_same_result() {
    let folder = folder(&[("package.json", ELECTRON), ("main.js", MAIN), ("b.js", ""), ("a/c.js", ""), ("a.js", "")]);
    let found = find(&folder, &["."]);
    let paths = files(one(&found));
    assert!(paths.is_sorted());
    assert_eq!(format!("{found:?}"), format!("{:?}", find(&folder, &["."])));
}

#[test]
fn very_deep_folders_end_in_a_problem() {
    let folder = folder(&[("package.json", ELECTRON), ("main.js", MAIN)]);
    // Made from inside out, because a path of this length cannot be named.
    let mut inner = folder.path().join("pile");
    fs::create_dir(&inner).expect("made");
    for _ in 0..3000 {
        let outer = folder.path().join("next");
        fs::create_dir(&outer).expect("made");
        fs::rename(&inner, outer.join("d")).expect("moved");
        inner = folder.path().join("pile");
        fs::rename(&outer, &inner).expect("moved");
    }
    let found = find(&folder, &["."]);
    let app = one(&found);
    assert_eq!(files(app), ["main.js", "package.json"]);
    assert_eq!(app.sources.problems.len(), 1);
    assert_eq!(app.sources.problems[0].kind, ProblemKind::Unreadable);
}

#[cfg(unix)]
mod unix {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;
    use std::process::Command;

    use super::*;

    #[test]
    fn links_are_not_followed() {
        let folder = folder(&[("package.json", ELECTRON), ("main.js", MAIN), ("src/a.js", "")]);
        symlink(folder.path(), folder.path().join("src/loop")).expect("linked");
        symlink("main.js", folder.path().join("link.js")).expect("linked");
        symlink("nowhere.js", folder.path().join("dangling.js")).expect("linked");
        let found = find(&folder, &["."]);
        assert_eq!(files(one(&found)), ["main.js", "package.json", "src/a.js"]);
        let links: Vec<_> = omitted(one(&found)).iter().map(|left| (left.0, left.1)).collect();
        let expected = ["dangling.js", "link.js", "src/loop"].map(|path| (path, "symbolic link"));
        assert_eq!(links, expected);
    }

    #[test]
    fn data_that_scripts_name_is_read_within_the_project_alone() {
        let outside = folder(&[("secret.json", "{}"), ("secrets/key.json", "{}")]);
        let name = outside.path().file_name().expect("it has a name").to_string_lossy().into_owned();
        let main = format!(
            "const {{ app }} = require('electron');\nconst all = [require('./data/own.json'), require('../{name}/secret.json'), \
             require('./out/key.json'), require('./link.json')];\n"
        );
        let folder = folder(&[("package.json", ELECTRON), ("main.js", &main), ("data/own.json", "{}")]);
        symlink(outside.path().join("secrets"), folder.path().join("out")).expect("linked");
        symlink(outside.path().join("secret.json"), folder.path().join("link.json")).expect("linked");
        assert_eq!(files(one(&find(&folder, &["."]))), ["data/own.json", "main.js", "package.json"]);
    }

    #[test]
    fn pipes_are_never_opened() {
        let folder = folder(&[("package.json", ELECTRON), ("main.js", MAIN)]);
        for name in ["x.js", ".gitignore", "yarn.lock"] {
            let made = Command::new("mkfifo").arg(folder.path().join(name)).status().expect("mkfifo is there");
            assert!(made.success());
        }
        let found = find(&folder, &["."]);
        assert_eq!(files(one(&found)), ["main.js", "package.json"]);
        assert!(omitted(one(&found)).contains(&("x.js", "not a regular file", Some(1))));
        let pipe = folder.path().join("x.js");
        assert!(matches!(read(&[pipe], &Options::default(), &unconfigured()), Err(DiscoverError::Special { .. })));
    }

    #[test]
    fn names_that_are_not_unicode_are_read() {
        let folder = folder(&[("package.json", ELECTRON), ("main.js", MAIN)]);
        fs::write(folder.path().join(std::ffi::OsStr::from_bytes(b"\xFFa.js")), "x").expect("written");
        assert_eq!(files(one(&find(&folder, &["."]))), ["main.js", "package.json", "\u{FFFD}a.js"]);
    }

    #[test]
    fn a_folder_that_may_not_be_read_is_a_problem() {
        use std::os::unix::fs::PermissionsExt;
        let folder = folder(&[("package.json", ELECTRON), ("main.js", MAIN), ("shut/a.js", "")]);
        let shut = folder.path().join("shut");
        fs::set_permissions(&shut, fs::Permissions::from_mode(0o000)).expect("set");
        // The superuser may read everything.
        if fs::read_dir(&shut).is_err() {
            assert_eq!(problems(one(&find(&folder, &["."]))), [("shut", ProblemKind::Unreadable)]);
        }
        fs::set_permissions(&shut, fs::Permissions::from_mode(0o755)).expect("set");
    }
}

/// No configuration counts.
fn unconfigured() -> crate::config::Configurations {
    let options = crate::cli::ConfigArgs { no_config: true, ..Default::default() };
    crate::config::Configurations::new(&options, Path::new("")).expect("there is nothing to be wrong")
}
