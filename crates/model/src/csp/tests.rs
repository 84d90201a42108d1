use super::Disposition::{Enforce, Report};
use super::*;

fn page() -> PageContext {
    PageContext::default()
}

fn with_node() -> PageContext {
    PageContext { node: Some(true), ..page() }
}

fn meta(text: &str) -> Policy {
    parse_meta(text, true, false, Enforce)
}

/// Kind, severity and the marked text of every judgement on header policies.
fn on<'t>(texts: &[&'t str], page: &PageContext) -> Vec<(Kind, Severity, &'t str)> {
    let policies: Vec<_> = texts.iter().flat_map(|text| parse_header(text, Enforce)).collect();
    assert_eq!(policies.len(), texts.len());
    let marked = |judgement: &Judgement| {
        assert!(!judgement.message.is_empty() && !judgement.help.is_empty());
        &texts[judgement.policy][judgement.span.0 as usize..judgement.span.1 as usize]
    };
    judge(&policies, page).iter().map(|found| (found.kind, found.severity, marked(found))).collect()
}

/// As [`on`], of one policy that is the app's only one.
fn of<'t>(text: &'t str, page: &PageContext) -> Vec<(Kind, Severity, &'t str)> {
    on(&[text], page)
}

fn silent(text: &str, page: &PageContext) {
    assert_eq!(of(text, page), [], "{text}");
}

#[test]
fn header_text_splits_on_commas_and_meta_text_does_not() {
    let text = "script-src 'self', img-src *";
    assert_eq!(parse_header(text, Enforce).len(), 2);
    let policy = meta(text);
    let words: Vec<_> = policy.directives[0].tokens.iter().map(|token| token.text.as_str()).collect();
    assert_eq!(words, ["'self',", "img-src", "*"]);
    assert_eq!(parse_header(" , ;, ", Enforce), []);
}

#[test]
fn directives_and_words_have_spans() {
    let text = "\n SCRIPT-src\t'self'  https://a.example;;img-src;script-src *";
    let policy = meta(text);
    let at = |span: PolicySpan| &text[span.0 as usize..span.1 as usize];
    let [script, image] = policy.directives.as_slice() else { panic!("{policy:?}") };
    assert_eq!((script.name.as_str(), at(script.name_span)), ("script-src", "SCRIPT-src"));
    assert_eq!(at(script.span), "SCRIPT-src\t'self'  https://a.example");
    assert_eq!(script.tokens.iter().map(|token| at(token.span)).collect::<Vec<_>>(), ["'self'", "https://a.example"]);
    assert_eq!((image.name.as_str(), image.tokens.len()), ("img-src", 0));
    assert_eq!(at(policy.duplicates[0].span), "script-src *");
    assert_eq!(at(policy.span), text.trim());
}

#[test]
fn sources_of_every_form() {
    let exact = |scheme: Option<&str>, host: &str, port, path: &str| Source::Host {
        scheme: scheme.map(str::to_owned),
        host: HostName::Exact(host.to_owned()),
        port,
        path: path.to_owned(),
    };
    for (word, source) in [
        ("'NONE'", Source::None),
        ("'Self'", Source::Own),
        ("'report-sample'", Source::Keyword),
        ("'nonce-aB+/=='", Source::Nonce { value: "aB+/==".to_owned(), templated: false }),
        ("'sha512-aaaa'", Source::Hash),
        ("'sha1-aaaa'", Source::Invalid),
        ("'nonce-'", Source::Invalid),
        ("HTTPS:", Source::Scheme("https".to_owned())),
        ("*", Source::Any),
        ("Example.com", exact(None, "example.com", None, "")),
        ("https://a.b:8080/c/", exact(Some("https"), "a.b", Some(Port::Number(8080)), "/c/")),
        ("a:*", exact(None, "a", Some(Port::Any), "")),
        ("*:*", Source::Host { scheme: None, host: HostName::Any, port: Some(Port::Any), path: String::new() }),
        (
            "*.a.b",
            Source::Host { scheme: None, host: HostName::Below("a.b".to_owned()), port: None, path: String::new() },
        ),
        ("//*", Source::Invalid),
        ("a.*", Source::Invalid),
        ("https://", Source::Invalid),
        ("a:99999", Source::Invalid),
        ("https://a/b?c", Source::Invalid),
        ("[::1]", Source::Invalid),
        ("\"self\"", Source::Invalid),
    ] {
        assert_eq!(Source::of(word, false), source, "{word}");
    }
    for (word, source) in [
        ("'self'${fonts}", Source::Own),
        ("'unsafe-inline'<%= more %>", Source::UnsafeInline),
        ("'${word}", Source::Unknown { scheme: None }),
    ] {
        assert_eq!(Source::of(word, true), source, "{word}");
    }
}

#[test]
fn scripts_without_a_directive() {
    let text = "img-src 'self'; object-src 'none'";
    assert_eq!(of(text, &page()), [(Kind::ScriptsUnrestricted, Severity::High, text)]);
    silent("default-src 'self'", &page());
    silent("script-src 'none'", &page());
    assert_eq!(on(&["img-src *", "script-src 'self'"], &page()), []);
}

#[test]
fn inline_scripts_and_handlers() {
    let inline = [(Kind::InlineScript, Severity::High, "'unsafe-inline'")];
    assert_eq!(of("script-src 'self' 'unsafe-inline'", &page()), inline);
    assert_eq!(of("default-src 'self' 'unsafe-inline'", &page()), inline);
    assert_eq!(of("default-src 'self'; script-src-elem 'unsafe-inline'", &page()), inline);
    let handler = [(Kind::InlineHandler, Severity::High, "'unsafe-inline'")];
    assert_eq!(of("script-src 'self'; script-src-attr 'unsafe-inline'", &page()), handler);
    silent("script-src 'self'; style-src 'self' 'unsafe-inline'", &page());
    silent("script-src 'self' 'unsafe-inline' 'sha256-abcd'", &page());
    silent("script-src 'unsafe-inline' 'strict-dynamic'", &page());
    silent("default-src 'unsafe-inline'; script-src 'self'", &page());
    assert_eq!(on(&["script-src 'unsafe-inline'", "script-src 'self'"], &page()), []);
    assert_eq!(on(&["script-src 'unsafe-inline'", "default-src 'unsafe-inline'"], &page()), inline);
}

#[test]
fn scripts_from_any_host() {
    for word in ["*", "https:", "http:", "*:*", "http://*", "https://*:*"] {
        let text = format!("script-src 'self' {word}");
        assert_eq!(of(&text, &page()), [(Kind::ScriptFromAnyHost, Severity::High, word)]);
    }
    // One more host adds nothing.
    let text = "script-src https: https://cdn.example.com";
    assert_eq!(of(text, &page()), [(Kind::ScriptFromAnyHost, Severity::High, "https:")]);
    silent("script-src 'self'; img-src * https: data:", &page());
    silent("script-src 'strict-dynamic' https: 'sha256-abcd'; base-uri 'none'", &page());
    silent("default-src *; script-src 'self'; form-action 'none'; frame-src 'none'; connect-src 'none'", &page());
    assert_eq!(on(&["script-src https:", "script-src 'self'"], &page()), []);
    // The host is what both let through.
    let both = on(&["script-src https:", "script-src https://cdn.example.com"], &page());
    assert_eq!(both, [(Kind::ScriptFromRemoteHost, Severity::Low, "https://cdn.example.com")]);
}

#[test]
fn scripts_from_schemes() {
    assert_eq!(of("script-src data:", &page()), [(Kind::ScriptFromData, Severity::High, "data:")]);
    assert_eq!(of("script-src blob:", &page()), [(Kind::ScriptFromBlob, Severity::Medium, "blob:")]);
    assert_eq!(of("script-src filesystem:", &page()), [(Kind::ScriptFromBlob, Severity::Medium, "filesystem:")]);
    assert_eq!(of("script-src file:", &page()), [(Kind::ScriptFromFile, Severity::Medium, "file:")]);
    silent("script-src 'self'; img-src data: blob: filesystem: file:; worker-src blob:", &page());
    silent("script-src app: 'self'", &page());
    assert_eq!(on(&["script-src data:", "script-src *"], &page()), []);
}

#[test]
fn own_scripts_of_a_file_page_are_told_only_where_they_have_node() {
    let file = PageContext { url: PageUrl::File, ..page() };
    silent("script-src 'self'", &file);
    let file_with_node = PageContext { node: Some(true), ..file };
    let text = "script-src 'self'; frame-src 'none'; form-action 'none'";
    assert_eq!(of(text, &file_with_node), [(Kind::ScriptFromFile, Severity::Info, "'self'")]);
    let custom = PageContext { url: PageUrl::Custom("app".to_owned()), ..file_with_node };
    silent(text, &custom);
}

#[test]
fn scripts_over_unencrypted_connections() {
    let text = "script-src 'self' http://cdn.example.com";
    assert_eq!(of(text, &page()), [(Kind::ScriptOverHttp, Severity::Medium, "http://cdn.example.com")]);
    silent("script-src 'self'; img-src http://cdn.example.com", &page());
    // No script comes over a WebSocket.
    silent("default-src 'self' ws://example.com wss://example.com", &page());
}

#[test]
fn scripts_from_hosts_of_anyone() {
    for word in [
        "https://unpkg.com",
        "cdn.jsdelivr.net",
        "https://cdn.jsdelivr.net/npm/",
        "*.github.io",
        "https://*.co.uk",
        "*.com",
    ] {
        let text = format!("script-src {word}");
        assert_eq!(of(&text, &page()), [(Kind::ScriptFromPublicHost, Severity::High, word)]);
    }
    let text = "script-src https://unpkg.com/react@18/";
    assert_eq!(of(text, &page()), [(Kind::ScriptFromRemoteHost, Severity::Low, "https://unpkg.com/react@18/")]);
    silent("script-src 'strict-dynamic' 'sha256-abcd' https://unpkg.com; base-uri 'none'", &page());
    silent("script-src 'self'; font-src https://unpkg.com", &page());
}

#[test]
fn scripts_from_other_remote_hosts() {
    let text = "script-src 'self' https://cdn.example.com; frame-src 'none'; form-action 'none'";
    assert_eq!(of(text, &page()), [(Kind::ScriptFromRemoteHost, Severity::Low, "https://cdn.example.com")]);
    assert_eq!(of(text, &with_node()), [(Kind::ScriptFromRemoteHost, Severity::Medium, "https://cdn.example.com")]);
    // Without a scheme a source has the page's: nothing comes over `file:` from a host.
    let file = PageContext { url: PageUrl::File, ..page() };
    silent("script-src 'self' cdn.example.com", &file);
    assert_eq!(of("script-src cdn.example.com", &page()).len(), 1);
}

#[test]
fn eval_weighs_what_the_page_may_do() {
    let text = "script-src 'self' 'unsafe-eval'; frame-src 'none'; form-action 'none'";
    let found = |severity| [(Kind::Eval, severity, "'unsafe-eval'")];
    assert_eq!(of(text, &page()), found(Severity::Medium));
    assert_eq!(of(text, &with_node()), found(Severity::High));
    let not_isolated = PageContext { context_isolation: Some(false), ..page() };
    assert_eq!(of(text, &not_isolated), found(Severity::High));
    assert_eq!(of(text, &PageContext { dev: true, ..with_node() }), found(Severity::Info));
    silent("script-src 'self' 'wasm-unsafe-eval'", &page());
    silent("script-src 'self'; style-src 'unsafe-eval'", &page());
    assert_eq!(on(&["script-src 'unsafe-eval'", "default-src 'self'"], &page()), []);
    // script-src-elem does not speak of eval.
    assert_eq!(
        of("script-src-elem 'self'", &page()).iter().map(|found| found.0).collect::<Vec<_>>(),
        [Kind::InlineHandler, Kind::Eval]
    );
}

#[test]
fn nonces_that_everyone_can_read() {
    let text = "script-src 'nonce-aGVsbG8gd29ybGQhIQ=='; base-uri 'none'";
    let found = [(Kind::StaticNonce, Severity::High, "'nonce-aGVsbG8gd29ybGQhIQ=='")];
    assert_eq!(of(text, &page()), found);
    // A value for each response.
    silent("script-src 'nonce-${nonce}'; base-uri 'none'", &page());
    silent("script-src 'sha256-aGVsbG8='; base-uri 'none'", &page());
    assert_eq!(on(&[text, "script-src 'self'"], &page()), []);
    // In a page the build has put something there, once.
    let policies = [meta("script-src 'nonce-%NONCE_VALUE%'; base-uri 'none'")];
    let judgements = judge(&policies, &page());
    assert_eq!(judgements.len(), 1);
    assert!(judgements[0].kind == Kind::StaticNonce && judgements[0].tentative);
}

#[test]
fn a_base_leads_trusted_scripts_away() {
    let base = |text: &'static str| (Kind::Base, Severity::Medium, text);
    let nonce = "script-src 'nonce-${n}'";
    assert_eq!(of(nonce, &page()), [base(nonce)]);
    let hash = "script-src 'sha256-abcd' 'strict-dynamic'";
    assert_eq!(of(hash, &page()), [base(hash)]);
    silent("script-src 'nonce-${n}'; base-uri 'self'", &page());
    silent("script-src 'sha256-abcd'", &page());
    let relative = PageContext { relative_scripts: true, ..page() };
    assert_eq!(of("script-src 'sha256-abcd'", &relative), [base("script-src 'sha256-abcd'")]);
    silent("script-src 'self'", &relative);
    assert_eq!(of("script-src 'nonce-${n}'; base-uri *", &page()), [base("*")]);
}

#[test]
fn plugins_from_remote_hosts() {
    let text = "script-src 'self'; object-src https://cdn.example.com";
    assert_eq!(of(text, &page()), [(Kind::Plugins, Severity::Low, "https://cdn.example.com")]);
    let plugins = PageContext { plugins: Some(true), ..page() };
    assert_eq!(of(text, &plugins), [(Kind::Plugins, Severity::Medium, "https://cdn.example.com")]);
    silent("script-src 'self'", &page());
    assert_eq!(of("script-src 'self'", &plugins), [(Kind::Plugins, Severity::Medium, "script-src 'self'")]);
    silent("script-src 'self'; object-src 'none'", &plugins);
    silent("default-src 'self'", &plugins);
    silent("script-src 'self'; object-src 'self' data:", &page());
}

#[test]
fn destinations_from_anywhere() {
    let text = "script-src 'self'; frame-src *; form-action https:; connect-src *";
    assert_eq!(
        of(text, &page()),
        [
            (Kind::Frames, Severity::Info, "*"),
            (Kind::Forms, Severity::Info, "https:"),
            (Kind::Connections, Severity::Info, "*")
        ]
    );
    let severities: Vec<_> = of(text, &with_node()).iter().map(|found| found.1).collect();
    assert_eq!(severities, [Severity::Low, Severity::Low, Severity::Info]);
    silent("script-src 'self'; frame-src 'self'; form-action 'none'; connect-src https://api.example.com", &page());
    let kinds: Vec<_> = of("script-src 'self'", &with_node()).iter().map(|found| found.0).collect();
    assert_eq!(kinds, [Kind::Frames, Kind::Forms]);
    // The same `*` is not told twice.
    assert_eq!(of("default-src *", &page()), [(Kind::ScriptFromAnyHost, Severity::High, "*")]);
}

#[test]
fn what_must_not_be_reported() {
    for text in [
        "script-src 'self'",
        "default-src 'self'",
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: https:; font-src *",
        "script-src 'self'; report-uri /csp; upgrade-insecure-requests; require-trusted-types-for 'script'",
        "script-src 'self' 'report-sample'; connect-src 'self' ws://localhost:3000 http://localhost:3000",
    ] {
        for url in [PageUrl::Unknown, PageUrl::File, PageUrl::Custom("app".to_owned())] {
            silent(text, &PageContext { url, ..page() });
        }
    }
}

#[test]
fn local_servers_and_development_weigh_little() {
    let text = "script-src 'self' http://localhost:3000 http://127.0.0.1:*";
    let local = |text| (Kind::ScriptFromLocalHost, Severity::Info, text);
    assert_eq!(of(text, &page()), [local("http://localhost:3000"), local("http://127.0.0.1:*")]);
    let dev = PageContext { dev: true, ..page() };
    assert_eq!(of("script-src 'unsafe-inline'", &dev), [(Kind::InlineScript, Severity::Info, "'unsafe-inline'")]);
}

#[test]
fn holes_are_unknown() {
    let tentative = |text: &str| {
        let policies = parse_header(text, Enforce);
        judge(&policies, &page()).iter().map(|found| (found.kind, found.tentative)).collect::<Vec<_>>()
    };
    assert_eq!(tentative("script-src 'self' ${sources}"), []);
    assert_eq!(tentative("script-src 'unsafe-inline' <%= a; b, c %>"), [(Kind::InlineScript, true)]);
    assert_eq!(tentative("script-src 'unsafe-eval' {{ more }}"), [(Kind::Eval, false)]);
    assert_eq!(tentative("img-src *; ${rest}"), [(Kind::ScriptsUnrestricted, true)]);
    assert_eq!(tentative("${policy}"), [(Kind::ScriptsUnrestricted, true)]);
    assert_eq!(tentative("script-src https://${host}/"), [(Kind::ScriptFromRemoteHost, true)]);
    assert_eq!(tentative("script-src http://%VITE_HOST%"), [(Kind::ScriptOverHttp, true)]);
    assert_eq!(tentative("script-src 'unsafe-inline', ${more}"), [(Kind::InlineScript, true)]);
}

#[test]
fn policies_that_do_not_hold_protect_nothing() {
    let report_only = parse_header("script-src 'self'", Report);
    let inline = parse_header("script-src 'unsafe-inline'", Enforce);
    let kinds = |policies: &[Policy]| judge(policies, &page()).iter().map(|found| found.kind).collect::<Vec<_>>();
    assert_eq!(kinds(&[inline.clone(), report_only.clone()].concat()), [Kind::InlineScript]);
    assert_eq!(kinds(&report_only), [Kind::ReportOnly]);
    assert_eq!(kinds(&[]), []);
    let outside = parse_meta("script-src 'self'", false, false, Enforce);
    assert_eq!(kinds(&[inline[0].clone(), outside.clone()]), [Kind::InlineScript, Kind::MetaOutsideHead]);
    assert_eq!(kinds(&[outside]), [Kind::MetaOutsideHead]);
    assert_eq!(kinds(&[parse_meta("script-src 'self'", true, true, Enforce)]), [Kind::LateMeta]);
    assert_eq!(kinds(&[parse_meta("script-src 'self'", true, false, Report)]), [Kind::ReportOnlyMeta]);
    assert_eq!(kinds(&[meta("script-src 'self'")]), []);
}

#[test]
fn a_page_gives_itself_policies() {
    let text = "<meta http-equiv=content-security-policy content='script-src&#32;\r\n&#x27;unsafe-inline&#x27;'><p>\
                <meta http-equiv=content-security-policy content=\"default-src 'self'\">";
    let html = crate::html::read(text);
    let policies = of_page(&html);
    let found = judge(&policies, &page());
    assert_eq!(found.iter().map(|found| found.kind).collect::<Vec<_>>(), [Kind::InlineScript, Kind::MetaOutsideHead]);
    let content = html.element(html.policies[0].element).and_then(|meta| meta.attribute("content")).unwrap();
    let (start, end) = found[0].span;
    let (start, end) = crate::html::Offsets::of(text, content).span(start as usize..end as usize);
    assert_eq!(&text[start as usize..end as usize], "&#x27;unsafe-inline&#x27;");
}

#[test]
fn how_policies_are_written() {
    use Kind::*;
    let low = |text: &'static str, kind: Kind, marked: &'static str| {
        assert_eq!(of(text, &page()), [(kind, Severity::Low, marked)], "{text}");
    };
    low("script-src 'self'; scrpt-src 'none'", UnknownDirective, "scrpt-src");
    low("script-src 'self'; img-src: 'none'", UnknownDirective, "img-src:");
    low("script-src 'self' style-src", MissingSemicolon, "style-src");
    low("script-src 'self' unsafe-inline", UnquotedKeyword, "unsafe-inline");
    low("script-src self", UnquotedKeyword, "self");
    low("script-src 'self' sha256-abcd=", UnquotedKeyword, "sha256-abcd=");
    low("script-src \"self\"", OddQuotes, "\"self\"");
    low("script-src 'self", OddQuotes, "'self");
    low("script-src 'self'; script-src *", DuplicateDirective, "script-src *");
    low("script-src 'self' 'none'", DeadSource, "'none'");
    low("script-src 'self' //*", DeadSource, "//*");
    low("script-src 'self' 'unsafe-everything'", DeadSource, "'unsafe-everything'");
    low("script-src 'self'; img-src 10.0.0.1", DeadSource, "10.0.0.1");
    silent("script-src 'self'; img-src 127.0.0.1", &page());
    low("script-src 'self'; reflected-xss block", IgnoredDirective, "reflected-xss");
    low("script-src 'self'; plugin-types application/pdf", IgnoredDirective, "plugin-types");
    let old = PageContext { chromium_major: Some(80), ..page() };
    silent("script-src 'self'; plugin-types application/pdf", &old);
    let text = "script-src 'self'; block-all-mixed-content";
    assert_eq!(of(text, &page()), [(IgnoredDirective, Severity::Info, "block-all-mixed-content")]);
    let short = of("script-src 'nonce-abc'; base-uri 'none'", &page());
    assert_eq!(short, [(StaticNonce, Severity::High, "'nonce-abc'"), (ShortNonce, Severity::Low, "'nonce-abc'")]);
}

#[test]
fn characters_outside_ascii_empty_the_policy() {
    let text = "script-src \u{2018}self\u{2019}";
    let found = of(text, &page());
    assert_eq!(found, [(Kind::ScriptsUnrestricted, Severity::High, text), (Kind::NonAscii, Severity::High, text)]);
    let rest = of("script-src 'self'; img-src ä", &page());
    assert_eq!(rest, [(Kind::NonAscii, Severity::High, "img-src ä")]);
}

#[test]
fn directives_that_a_page_cannot_give_itself() {
    let text = "script-src 'self'; frame-ancestors 'none'; report-uri /a; sandbox";
    let kinds: Vec<_> = judge(&[meta(text)], &page()).iter().map(|found| found.kind).collect();
    assert_eq!(kinds, [Kind::IgnoredInMeta; 3]);
    silent(text, &page());
}

#[test]
fn messages_say_what_runs() {
    let judgements = judge(&parse_header("script-src https:", Enforce), &page());
    assert_eq!(judgements[0].message, "`https:` in script-src: any server can run script in this window");
    let judgements = judge(&parse_header("img-src *", Enforce), &page());
    assert_eq!(judgements[0].message, "neither script-src nor default-src: any server can run script in this window");
}

#[test]
fn any_text_has_a_judgement_within_its_bounds() {
    let pieces = [
        "script-src",
        "default-src",
        "base-uri",
        "'self'",
        "'none'",
        "'unsafe-inline'",
        "'nonce-",
        "abc'",
        " ",
        ";",
        ",",
        "\t",
        "https:",
        "*",
        "://",
        "a.b",
        ":",
        "8080",
        "/",
        "${",
        "}",
        "<%",
        "%>",
        "ä",
        "'",
        "\"",
        "%A_B%",
        "\u{2019}",
        "object-src",
    ];
    let mut random = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random
    };
    for _ in 0..20_000 {
        let count = next() % 24;
        let text: String = (0..count).map(|_| pieces[(next() % pieces.len() as u64) as usize]).collect();
        let mut policies = parse_header(&text, Enforce);
        policies.push(meta(&text));
        for judgement in judge(&policies, &with_node()) {
            assert!(text.get(judgement.span.0 as usize..judgement.span.1 as usize).is_some(), "{text:?}");
        }
    }
}

#[test]
fn long_policies_take_linear_time() {
    let unique: String = (0..10_000).map(|n| format!("a{n} b;")).collect();
    let hosts: String = (0..10_000).map(|n| format!("h{n}.example ")).collect();
    let parts = ["script-src ;", "a ", "a;", "${", "'nonce-a' ", "https://a", ",", "x;\u{e4};", "a b,"];
    let texts = parts.map(|part| part.repeat(50_000 / part.len()));
    for part in texts.iter().chain([&unique, &hosts]) {
        let text = format!("script-src {part}, script-src {part}");
        let before = std::time::Instant::now();
        let policies = parse_header(&text, Enforce);
        judge(&policies, &with_node());
        assert!(before.elapsed() < std::time::Duration::from_secs(10), "{}", &text[..40]);
    }
}
