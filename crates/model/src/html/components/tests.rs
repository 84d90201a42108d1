use super::*;

/// What a template says, in a few letters.
fn said(text: &str, framework: Framework) -> Vec<String> {
    let at = |span: &TextSpan| text[span.0 as usize..span.1 as usize].to_owned();
    let given = |given: &Given| match given {
        Given::Value(name, value) => format!("{name}={}", at(value)),
        Given::Text(name, value) => format!("{name}='{}'", at(value)),
        Given::Spread(value) => format!("...{}", at(value)),
    };
    template(text, &crate::html::read(text), framework)
        .iter()
        .map(|part| match part {
            Part::Markup(value) | Part::Property(value) => at(value),
            Part::Listener { does, .. } => format!("does {}", at(does)),
            Part::Names { names, first: First::ElementOf(list) } => format!("{} of {}", at(names), at(list)),
            Part::Names { names, first: First::Value(value) } => format!("{} = {}", at(names), at(value)),
            Part::Names { names, first: First::Unknown } => at(names),
            Part::End => "end".to_owned(),
            Part::Element { tag, attributes } => {
                let attributes: Vec<String> = attributes.iter().map(given).collect();
                format!("<{}> {}", at(tag), attributes.join(" "))
            }
        })
        .collect()
}

#[test]
fn templates_of_vue_are_read() {
    for (text, expected) in [
        ("<p v-html=\"text\"></p><p v-html='a.b'></p>", &["text", "a.b"][..]),
        ("<script>let x = '<p v-html=\"y\">';</script><!-- <p v-html=\"z\"> -->", &[]),
        ("<p v-html=\"never closed", &[]),
        ("<a v-for=\"l in ls\" @click.prevent=\"go(l)\" v-on:x='y' />", &["l of ls", "does go(l)", "does y", "end"]),
        (
            "<p :innerHTML=\"a\"></p><p v-bind:inner-html.prop='b' /><p innerHTML=\"c\" /><p :title=\"d\" />",
            &["a", "b"],
        ),
        (
            "<li v-for=\"(item, i) in items\"><br><b v-html=item.b></li><p v-html=\"item\">",
            &["item, i of items", "item.b", "end", "item"],
        ),
        ("<i v-for=\"{ a } of f(' in ')\" v-html=\"a\" />", &["{ a } of f(' in ')", "a", "end"]),
        (
            "<my-row :post-title.sync='t' v-bind='o' v-model='m' @close='c' note=\"n\" :[k]='x'><template #a=\"{ b }\"></template></my-row>",
            &["does c", "<my-row> postTitle=t ...o modelValue=m value=m note='n'", "{ b }", "end"],
        ),
        ("<Row v-for='a in b' v-slot='{ c }' :d><i></Row>", &["a of b", "<Row> d=d", "{ c }", "end", "end"]),
    ] {
        assert_eq!(said(text, Framework::Vue), expected, "{text}");
    }
}

#[test]
fn templates_of_svelte_are_read() {
    for (text, expected) in [
        ("{@html `<b>${name}</b>`} {name} {@html {a: 1}.a}", &["`<b>${name}</b>`", "{a: 1}.a"][..]),
        ("{@html never closed", &[]),
        ("{#each list as { a, b }, i (a.id)}<p>{@html a}{:else}{/each}", &["{ a, b }, i of list", "a", "end"]),
        (
            "{#await p}{:then v}{@html v}{:catch e}{@html e}{/await}{#await f() then w}{/await}",
            &["v = p", "v", "end", "e", "e", "end", "w = f()", "end"],
        ),
        ("{#if a}{@const b = a === 1}{@html b}{/if}", &["b = a === 1", "b", "end"]),
        ("{#snippet row(a, b)}{@html a}{/snippet}", &["a, b", "a", "end"]),
        (
            "<Row {a} {...b} c={d > 1} e=\"{f}\" g=\"h {i}\" j=k bind:l on:m={n} bind:o={p}/><p a={b}>",
            &["does n", "<Row> a=a ...b c=d > 1 e=f j='k' l=l o=p"],
        ),
    ] {
        assert_eq!(said(text, Framework::Svelte), expected, "{text}");
    }
}

#[test]
fn any_text_is_read() {
    for text in ["<", "</", "<a", "<a b", "<a b=", "<a b='", "{", "{}", "{#", "{/each}", "</p>", "<é {ü}>", "<a ="] {
        for framework in [Framework::Vue, Framework::Svelte] {
            said(text, framework);
            said(&text.repeat(3000), framework);
        }
    }
}

#[test]
fn names_are_written_as_scripts_do() {
    assert_eq!((camel_case("post-title"), pascal_case("post-row-2")), ("postTitle".to_owned(), "PostRow2".to_owned()));
    assert_eq!((camel_case("-é-ü"), pascal_case("")), ("éü".to_owned(), String::new()));
}
