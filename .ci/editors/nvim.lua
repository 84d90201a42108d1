-- Drives the server as a user of Neovim does: APP=folder SERVER=json-list nvim --clean --headless -c 'luafile nvim.lua'
-- Ends with 1 at the first thing that is not as it should be. Runs on 0.7 and later.
local app = vim.env.APP
local function fail(text)
  io.stderr:write('nvim: ' .. text .. '\n')
  vim.cmd('cquit 1')
end
local function try(what, condition)
  -- Only to catch a hang: nothing here measures.
  if not vim.wait(tonumber(vim.env.PATIENCE or '60') * 1000, condition, 10) then
    fail('never: ' .. what)
  end
  print('seen: ' .. what)
end
local id = vim.lsp.start_client({
  name = 'electrolint',
  cmd = vim.fn.json_decode(vim.env.SERVER),
  root_dir = app,
  workspace_folders = { { uri = vim.uri_from_fname(app), name = app } },
})
if not id then fail('the server does not start') end
local function open(name)
  vim.cmd('edit ' .. vim.fn.fnameescape(app .. '/' .. name))
  local buffer = vim.api.nvim_get_current_buf()
  vim.lsp.buf_attach_client(buffer, id)
  return buffer
end
local function codes(buffer)
  local all = {}
  for _, one in ipairs(vim.diagnostic.get(buffer)) do all[one.code or ''] = one end
  return all
end
local function line(buffer, number) return vim.api.nvim_buf_get_lines(buffer, number, number + 1, true)[1] end

-- A finding of a whole file that was opened.
local window = open('main.js')
try('a finding in main.js', function() return codes(window)['limit-navigation'] ~= nil end)

-- An edit that nobody saves brings one.
local options = open('preferences.js')
try('preferences.js is known', function() return vim.lsp.buf_is_attached(options, id) and vim.lsp.get_client_by_id(id).initialized end)
if next(codes(options)) then fail('preferences.js has findings from the start') end
vim.api.nvim_buf_set_lines(options, 0, 1, true, { "module.exports = { nodeIntegration: true, sandbox: false } // ä😀" })
try('a finding that is not saved', function() return codes(options)['node-integration'] ~= nil end)
if vim.fn.readfile(app .. '/preferences.js')[1]:find('nodeIntegration') then fail('it was saved') end
local found = codes(options)['node-integration']
if line(options, found.lnum):sub(found.col + 1, found.end_col) ~= 'nodeIntegration: true' then
  fail('the finding is elsewhere: ' .. vim.inspect(found))
end

-- What is told there.
local client = vim.lsp.get_client_by_id(id)
local at = { line = found.lnum, character = found.col }
local target = vim.lsp.util.make_text_document_params(options)
local function ask(method, params)
  local answers, problem = vim.lsp.buf_request_sync(options, method, params, 60000)
  local answer = answers and answers[id]
  if not answer or answer.err then fail(method .. ': ' .. vim.inspect(problem or answer)) end
  return answer.result
end
local told = ask('textDocument/hover', { textDocument = target, position = at })
if not (told and told.contents.value:find('by default in Electron 45.4.1', 1, true)) then fail('the default is not told: ' .. vim.inspect(told)) end

-- A code action mends it.
local range = { start = at, ['end'] = { line = found.end_lnum, character = found.end_col } }
local actions = ask('textDocument/codeAction', { textDocument = target, range = range, context = { diagnostics = {} } })
local action
for _, one in ipairs(actions or {}) do
  if one.edit and one.title:find('nodeIntegration') then action = one end
end
if not action then fail('no action mends it: ' .. vim.inspect(actions)) end
vim.lsp.util.apply_workspace_edit(action.edit, client.offset_encoding)
try('the action made its change', function() return line(options, 0) == "module.exports = { nodeIntegration: false, sandbox: false } // ä😀" end)
try('the finding is mended', function() return codes(options)['node-integration'] == nil end)

-- A finding in one file goes by an edit of another.
local guard = open('guard.js')
vim.api.nvim_buf_set_lines(guard, 0, -1, true, {
  "require('electron').app.on('web-contents-created', (event, contents) => {",
  "  contents.on('will-navigate', (event) => event.preventDefault())",
  "})",
})
try('a finding that an edit elsewhere takes away', function() return codes(window)['limit-navigation'] == nil end)

client.stop()
try('the server ends', function() return client.is_stopped() end)
vim.cmd('qall!')
