use std::time::{Duration, Instant};

use super::*;

fn at(text: &str, span: TextSpan) -> &str {
    &text[span.0 as usize..span.1 as usize]
}

fn urls(text: &str) -> Vec<(ResourceKind, String)> {
    resources(text, &read(text)).into_iter().map(|resource| (resource.kind, resource.url)).collect()
}

fn only(text: &str) -> Element {
    let mut html = read(text);
    assert_eq!(html.elements.len(), 1, "{html:?}");
    html.elements.remove(0)
}

#[test]
fn attributes_of_every_form_have_spans() {
    let text = "<!doctype html>\r\n<WebView SRC=http://a/?x=1&amp;y=2\r\n  AllowPopups preload='p&quot;q' src=second\tplugins=\"\">";
    let element = only(text);
    assert_eq!((element.name.as_str(), element.span), ("webview", (17, text.len() as u32)));
    let written: Vec<_> = element
        .attributes
        .iter()
        .map(|a| (a.name.as_str(), at(text, a.name_span), a.value.as_deref(), at(text, a.value_span), at(text, a.span)))
        .collect();
    let src = "SRC=http://a/?x=1&amp;y=2";
    assert_eq!(
        written,
        [
            ("src", "SRC", Some("http://a/?x=1&y=2"), "http://a/?x=1&amp;y=2", src),
            ("allowpopups", "AllowPopups", None, "", "AllowPopups"),
            ("preload", "preload", Some("p\"q"), "p&quot;q", "preload='p&quot;q'"),
            ("plugins", "plugins", Some(""), "", "plugins=\"\""),
        ]
    );
}

#[test]
fn scripts_keep_their_source_byte_for_byte() {
    let text = "<p>ä</p><script>\r\n<!-- if (a<b) '<script>' </script>--></script><SCRIPT TYPE=Module src=x.js></SCRIPT >\
                <script type=' importmap '>{}</script><script type=text/template><webview></script><script>open";
    let html = read(text);
    let scripts: Vec<_> = html.scripts.iter().map(|s| (s.kind, s.src.as_deref(), at(text, s.content))).collect();
    assert_eq!(
        scripts,
        [
            // A `<script>` in a script's comment needs an end tag of its own.
            (ScriptKind::Classic, None, "\r\n<!-- if (a<b) '<script>' </script>-->"),
            (ScriptKind::Module, Some("x.js"), ""),
            (ScriptKind::ImportMap, None, "{}"),
            (ScriptKind::Data, None, "<webview>"),
            (ScriptKind::Classic, None, "open"),
        ]
    );
    assert_eq!(html.webviews().count(), 0);
}

#[test]
fn scripts_of_component_files_say_their_language() {
    let html = read("<script setup lang=\"ts\">let a: number</script><script nonce=abc>b</script>");
    assert_eq!(html.scripts[0].lang.as_deref(), Some("ts"));
    assert_eq!(html.scripts[1].nonce.as_deref(), Some("abc"));
}

#[test]
fn what_the_browser_does_not_parse_is_not_read() {
    let text = "<!-- <webview> --><textarea><webview></textarea><title><webview></title><style><webview></style>\
                <noscript><webview></noscript><iframe><webview></iframe><xmp><webview></xmp>\
                <!--[if IE]><webview><![endif]--><noframes><webview></noframes><![CDATA[<a]]>";
    assert_eq!(read(text).webviews().count(), 0);
    assert_eq!(read("<template><webview></template><svg><style/><title/></svg><webview>").webviews().count(), 2);
    assert_eq!(read("<svg><![CDATA[<webview>]]></svg>").webviews().count(), 0);
    assert_eq!(read("<svg><g></g><p></svg><![CDATA[<webview>]]>").webviews().count(), 0);
}

#[test]
fn the_head_ends_where_the_parser_ends_it() {
    let in_head = |text: &str| read(text).policies.first().and_then(|p| Some(read(text).element(p.element)?.in_head));
    let meta = "<meta http-equiv=Content-Security-Policy content=x>";
    for before in [
        "",
        "<html><head>",
        "<!doctype html>\n<head>\n<title>Text</title><style>a{}</style><script>1</script>",
        "<head></head>\n",
        "<head><noscript>text</noscript><!-- c -->",
        "<head><% if (a) { %>\n{{ x }}",
        "<head><template><p>text</template>",
    ] {
        assert_eq!(in_head(&format!("{before}{meta}")), Some(true), "{before}");
    }
    for before in
        ["text", "<body>", "<p>", "<head></head></body>", "<head></head><div>", "<template>", "<% a %>b", "<br>"]
    {
        assert_eq!(in_head(&format!("{before}{meta}")), Some(false), "{before}");
    }
}

#[test]
fn policies_are_found_and_know_what_ran_before() {
    let text = "<script type=importmap>{}</script><META HTTP-EQUIV='content-security-policy' CONTENT=\"script-src 'self'\">\
                <script>1</script><meta http-equiv=content-security-policy-report-only content='a&#32;b'>\
                <meta http-equiv=content-security-policy><meta name=viewport content=x>";
    let html = read(text);
    let found: Vec<_> = html
        .policies
        .iter()
        .map(|p| (p.content.as_str(), p.report_only, html.element(p.element).unwrap().after_first_script))
        .collect();
    assert_eq!(found, [("script-src 'self'", false, false), ("a b", true, true)]);
    assert_eq!(at(text, html.policies[0].span), "script-src 'self'");
    assert_eq!(at(text, html.policies[1].span), "a&#32;b");
}

#[test]
fn resources_of_every_kind() {
    use ResourceKind::*;
    let text = "<base href=b><script src=s></script><link rel='Alternate StyleSheet' href=c><link rel=icon href=i>\
        <link rel=modulepreload href=m><link rel=preload href=p><link rel=manifest href=f><img src=g srcset='h 1x, j'>\
        <iframe src=k></iframe><webview src=l></webview><video poster=n src=o><source src=q></video><object data=r></object>\
        <embed src=t><form action=u><button formaction=v></form><meta http-equiv=Refresh content='0; URL=\"w\"'>\
        <svg><image xlink:href=x /><use href=y /><script href=z /></svg><style>@import 'A';b{c:url(B)}</style>\
        <p style='background:url(&quot;C&quot;)'><input type=image src=D><body background=E>";
    let expected = [
        (Base, "b"),
        (Script, "s"),
        (Style, "c"),
        (Icon, "i"),
        (Script, "m"),
        (Preload, "p"),
        (Manifest, "f"),
        (Image, "g"),
        (Image, "h"),
        (Image, "j"),
        (Frame, "k"),
        (Webview, "l"),
        (Image, "n"),
        (Media, "o"),
        (Media, "q"),
        (Object, "r"),
        (Object, "t"),
        (Form, "u"),
        (Form, "v"),
        (Refresh, "w"),
        (Image, "x"),
        (Reference, "y"),
        (Script, "z"),
        (Css, "A"),
        (Css, "B"),
        (Css, "C"),
        (Image, "D"),
        (Image, "E"),
    ];
    assert_eq!(urls(text), expected.map(|(kind, url)| (kind, url.to_owned())));
    for resource in resources(text, &read(text)) {
        assert_eq!(at(text, resource.span), resource.url);
    }
}

#[test]
fn what_is_not_loaded_is_no_resource() {
    let text = "<a href=http://a><area href=http://a><link rel=canonical href=http://a><link rel='dns-prefetch' href=//a>\
        <link rel=preconnect href=http://a><link href=http://a><svg xmlns='http://www.w3.org/2000/svg'><meta content=http://a>\
        <meta http-equiv=refresh content=5><form><form action=''><img alt=http://a><p title=http://a><q cite=http://a>\
        <svg><a xlink:href=http://a></a></svg><html manifest=x><img :src='\"http://a\"'>";
    assert_eq!(urls(text), []);
}

#[test]
fn places_in_decoded_values_lead_back() {
    let text = "<img srcset='a&amp;b\r\n1x,\r\n&#x63;d 2x, e'><p style=\"x:url(&quot;f&amp;g&quot;)\">";
    let spans: Vec<_> = resources(text, &read(text)).into_iter().map(|r| (r.url, at(text, r.span))).collect();
    assert_eq!(
        spans.iter().map(|(url, written)| (url.as_str(), *written)).collect::<Vec<_>>(),
        [("a&b", "a&amp;b"), ("cd", "&#x63;d"), ("e", "e"), ("f&g", "f&amp;g")]
    );
}

#[test]
fn templated_values_are_marked() {
    for text in ["<img src=\"<%= a %>\">", "<img src='{{ a }}'>", "<img src=%PUBLIC_URL%/a>", "<img src='http://${a}'>"]
    {
        let html = read(text);
        assert!(html.elements[0].attributes[0].templated, "{text}");
        assert!(resources(text, &html)[0].templated);
    }
    assert!(!only("<img src=a%20b>").attributes[0].templated);
}

#[test]
fn handlers_and_the_first_base() {
    let element = only("<div class=a onClick='x()' on=1 on-x=2>");
    assert_eq!(element.handlers().map(|h| h.name.as_str()).collect::<Vec<_>>(), ["onclick"]);
    let html = read("<template><base href=t></template><base target=_blank><base href=a><base href=b>");
    assert_eq!(html.base.and_then(|base| html.element(base)).and_then(|base| base.value("href")), Some("a"));
    assert_eq!(read("<p><b>nothing</b><a href=x>y</a>").elements, []);
    assert!(only("<input webkitdirectory>").attribute("webkitdirectory").is_some());
}

#[test]
fn bound_attributes_of_components_are_kept() {
    let element = only("<webview :allowpopups='false' v-bind:src='u' [preload]='p' class=c>");
    let names: Vec<_> = element.attributes.iter().map(|a| a.name.as_str()).collect();
    assert_eq!(names, [":allowpopups", "v-bind:src", "[preload]"]);
}

#[test]
fn fragments_are_told_from_other_strings() {
    for text in ["<webview src=x>", "a <IMG src>", "<script>", "<iframe/>", "<a><link\n"] {
        assert!(is_fragment(text), "{text}");
    }
    for text in ["", "a < b", "<b>bold</b>", "<imgx>", "</script>", "<webview-x>", "script", "<", "<ä"] {
        assert!(!is_fragment(text), "{text}");
    }
}

#[test]
fn hostile_texts_take_linear_time() {
    let size = 1_000_000;
    let repeated = |part: &str| part.repeat(size / part.len());
    let texts = [
        repeated("<"),
        format!("<img {}", repeated("a ")),
        format!("<img {}>", repeated("a=b ")),
        format!("<webview {}>", repeated("src ")),
        format!("<img src='{}'>", repeated("&amp;")),
        format!("<img srcset='{}'>", repeated("a, ")),
        format!("<img srcset='{}'>", repeated("(")),
        format!("<p style='{}'>", repeated("url(a)")),
        format!("<style>{}", repeated("@import'")),
        format!("<style>{}", repeated("/*")),
        format!("<script>{}", repeated("<!--<script>")),
        format!("<head>{}", repeated("<% x {{ ${ ")),
        repeated("<img>"),
        repeated("<base>"),
        repeated("<template>"),
        repeated("<svg><p>"),
        repeated("<!--"),
        repeated("<![CDATA["),
        repeated("&"),
        repeated("\0"),
        repeated("</"),
        (0..100_000).map(|n| format!("on{n:x} ")).fold("<img ".to_owned(), |all, one| all + &one) + ">",
    ];
    for text in texts {
        let before = Instant::now();
        let html = read(&text);
        let count = resources(&text, &html).len();
        is_fragment(&text);
        // A generous limit that only something quadratic passes.
        assert!(before.elapsed() < Duration::from_secs(10), "{} ({count})", &text[..20]);
    }
}

#[test]
fn any_text_has_facts_within_its_bounds() {
    let pieces = [
        "<",
        ">",
        "/",
        "=",
        "\"",
        "'",
        " ",
        "\r\n",
        "\n",
        "&amp;",
        "&#x41;",
        "&",
        ";",
        "<!--",
        "-->",
        "script",
        "style",
        "img",
        "meta",
        "webview",
        "src",
        "srcset",
        "content",
        "http-equiv",
        "refresh",
        "content-security-policy",
        "url(",
        ")",
        "@import",
        "ä",
        "\u{1F600}",
        "\0",
        "<%",
        "%>",
        "{{",
        "}}",
        "${",
        "}",
        "<svg>",
        "</svg>",
        "<template>",
        "</",
        "\\",
        ",",
        "0;url=",
        "<script>",
        "</script>",
        "<style>",
        "</style>",
        "<![CDATA[",
        "]]>",
        "on",
        "click",
        "\u{FEFF}",
        "%A_B%",
    ];
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random
    };
    for _ in 0..20_000 {
        let count = next() % 40;
        let text: String = (0..count).map(|_| pieces[(next() % pieces.len() as u64) as usize]).collect();
        let html = read(&text);
        for element in &html.elements {
            assert!(at(&text, element.span).starts_with('<'), "{text:?} {element:?}");
            for attribute in &element.attributes {
                let name = at(&text, attribute.name_span).to_lowercase().replace('\0', "\u{FFFD}");
                assert_eq!(name, attribute.name, "{text:?}");
                let written = at(&text, attribute.value_span);
                if !written.contains(['&', '\r', '\0']) {
                    assert_eq!(written, attribute.value.as_deref().unwrap_or_default(), "{text:?}");
                }
                at(&text, attribute.span);
            }
        }
        for script in &html.scripts {
            at(&text, script.content);
        }
        for resource in resources(&text, &html) {
            at(&text, resource.span);
        }
        is_fragment(&text);
    }
}

#[test]
fn in_xml_a_tag_ends_itself_and_scripts_stand_in_cdata() {
    let text = "<?xml version=\"1.0\"?><html xmlns=\"http://www.w3.org/1999/xhtml\"><head><script src=\"a.js\"/>\
                <script><![CDATA[b()]]></script></head><body><div/><webview src=\"c\"/></body></html>";
    let page = crate::html::read_xhtml(text);
    let scripts: Vec<_> = page
        .scripts
        .iter()
        .map(|script| (script.src.as_ref().is_some(), &text[script.content.0 as usize..script.content.1 as usize]))
        .collect();
    assert_eq!(scripts, [(true, ""), (false, "b()")]);
    assert_eq!(page.webviews().count(), 1);
    // In HTML the first script is still open, and holds the second.
    assert_eq!(read(text).scripts.len(), 1);
}
