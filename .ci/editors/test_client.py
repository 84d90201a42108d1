"""Drives the server by pytest-lsp, a client that others wrote: with diagnostics sent, and with diagnostics asked for."""

import asyncio
import json
import os
from pathlib import Path

import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient

APP = Path(os.environ["APP"])
SERVER = json.loads(os.environ["SERVER"])
SAFE = "module.exports = { spellcheck: true }\n"
UNSAFE = "module.exports = { nodeIntegration: true, sandbox: false }\n"


def uri(name):
    return (APP / name).as_uri()


@pytest_lsp.fixture(config=ClientServerConfig(server_command=SERVER))
async def client(lsp_client: LanguageClient):
    lsp_client.feature(types.CLIENT_REGISTER_CAPABILITY)(lambda _: None)
    yield
    await lsp_client.shutdown_session()


def rules(items):
    return {item.code for item in items}


async def start(client, name, pulls):
    # The capabilities of real editors, as pytest-lsp collected them.
    capabilities = pytest_lsp.client_capabilities(name)
    if pulls:
        capabilities.text_document.diagnostic = types.DiagnosticClientCapabilities(related_document_support=True)
        capabilities.workspace.diagnostics = types.DiagnosticWorkspaceClientCapabilities(refresh_support=True)
    else:
        capabilities.text_document.diagnostic = None
    folder = types.WorkspaceFolder(uri=APP.as_uri(), name="app")
    params = types.InitializeParams(capabilities=capabilities, root_uri=APP.as_uri(), workspace_folders=[folder])
    return await client.initialize_session(params)


def open_document(client, name, text):
    item = types.TextDocumentItem(uri=uri(name), language_id="javascript", version=1, text=text)
    client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))


def replace(client, name, version, text):
    document = types.VersionedTextDocumentIdentifier(uri=uri(name), version=version)
    change = types.TextDocumentContentChangeWholeDocument(text=text)
    client.text_document_did_change(types.DidChangeTextDocumentParams(text_document=document, content_changes=[change]))


async def pull(client, name):
    params = types.DocumentDiagnosticParams(text_document=types.TextDocumentIdentifier(uri=uri(name)))
    return await client.text_document_diagnostic_async(params)


async def sent(client, name, wanted):
    """Waits until the diagnostics that were sent are as wanted."""

    async def wait():
        while not wanted(client.diagnostics.get(uri(name), [])):
            await client.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)

    # Only to catch a hang: nothing here measures.
    await asyncio.wait_for(wait(), float(os.environ["PATIENCE"]))


async def test_asked(client):
    started = await start(client, "visual_studio_code", True)
    assert started.capabilities.diagnostic_provider.inter_file_dependencies
    open_document(client, "preferences.js", SAFE)
    assert rules((await pull(client, "preferences.js")).items) == set()
    replace(client, "preferences.js", 2, UNSAFE)
    report = await pull(client, "preferences.js")
    assert "node-integration" in rules(report.items)
    [found] = [item for item in report.items if item.code == "node-integration"]
    context = types.CodeActionContext(diagnostics=[found])
    document = types.TextDocumentIdentifier(uri=uri("preferences.js"))
    params = types.CodeActionParams(text_document=document, range=found.range, context=context)
    actions = await client.text_document_code_action_async(params)
    [fix] = [action for action in actions if "nodeIntegration" in action.title and action.edit]
    [change] = fix.edit.document_changes
    [edit] = change.edits
    start_, end = edit.range.start.character, edit.range.end.character
    mended = UNSAFE[:start_] + edit.new_text + UNSAFE[end:]
    assert mended == UNSAFE.replace("nodeIntegration: true", "nodeIntegration: false")
    replace(client, "preferences.js", 3, mended)
    assert "node-integration" not in rules((await pull(client, "preferences.js")).items)
    everything = await client.workspace_diagnostic_async(types.WorkspaceDiagnosticParams(previous_result_ids=[]))
    by_file = {item.uri: rules(item.items) for item in everything.items}
    assert "limit-navigation" in by_file[uri("main.js")]
    hover = await client.text_document_hover_async(types.HoverParams(text_document=document, position=found.range.start))
    assert "by default in Electron 45.4.1" in hover.contents.value


async def test_sent(client):
    await start(client, "neovim@v0.10", False)
    open_document(client, "main.js", (APP / "main.js").read_text())
    open_document(client, "guard.js", "\n")
    await sent(client, "main.js", lambda items: "limit-navigation" in rules(items))
    guard = "require('electron').app.on('web-contents-created', (e, c) => c.on('will-navigate', (e) => e.preventDefault()))\n"
    replace(client, "guard.js", 2, guard)
    await sent(client, "main.js", lambda items: "limit-navigation" not in rules(items))
    client.text_document_did_close(types.DidCloseTextDocumentParams(text_document=types.TextDocumentIdentifier(uri=uri("main.js"))))
    await sent(client, "main.js", lambda items: not items)
