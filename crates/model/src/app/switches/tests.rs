use super::*;

#[test]
fn a_line_is_split_into_commands() {
    let line = r#"cross-env A=1 electron . --inspect=5858 && concurrently "npm run x" 'electron . --no-sandbox'"#;
    let commands: Vec<String> = commands(line).iter().map(|command| command.join(" ")).collect();
    assert_eq!(
        commands,
        ["cross-env A=1 electron . --inspect=5858", "concurrently", "electron . --no-sandbox", "npm run x"]
    );
}

#[test]
fn a_quoted_value_stays_a_word() {
    let commands = commands(r#"electron --js-flags="--expose-gc --x" ."#);
    assert_eq!(commands, [["electron", "--js-flags=--expose-gc --x", "."]]);
}

#[test]
fn names_of_scripts() {
    assert!(is_development_script("start") && is_development_script("test:e2e") && is_development_script("prestart"));
    assert!(!is_development_script("dist") && !is_development_script("start:prod") && !is_development_script("build"));
}

#[test]
fn electron_and_not_its_packagers() {
    assert!(is_electron("electron") && is_electron("./node_modules/.bin/electron"));
    assert!(!is_electron("electron-builder") && !is_electron("--electron") && !is_electron("X=electron"));
}
