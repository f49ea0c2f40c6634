-- Opens a file in a headless Neovim with the server, applies what it offers, and says what was seen as JSON.
local root, file = vim.env.ROOT, vim.env.FILE
local command = vim.fn.json_decode(vim.env.COMMAND)
local seen = {}

local function wait(what, condition)
  if not vim.wait(30000, condition, 20) then
    seen.failed = what
    vim.fn.writefile({ vim.fn.json_encode(seen) }, vim.env.SEEN)
    vim.cmd('cquit')
  end
end

vim.cmd('edit ' .. root .. '/' .. file)
local buffer = vim.api.nvim_get_current_buf()
local client = vim.lsp.start_client({ name = 'redis-ssot', cmd = command, root_dir = root })
vim.lsp.buf_attach_client(buffer, client)

wait('a diagnostic', function() return #vim.diagnostic.get(buffer) > 0 end)
local found = vim.diagnostic.get(buffer)[1]
seen.message, seen.line, seen.source = found.message, found.lnum, found.source

local function ask(method, parameters)
  local answers = vim.lsp.buf_request_sync(buffer, method, parameters, 30000)
  for _, answer in pairs(answers or {}) do
    return answer.result
  end
end

local document = { uri = vim.uri_from_bufnr(buffer) }
local position = { line = found.lnum, character = found.col }
seen.hover = ask('textDocument/hover', { textDocument = document, position = position }).contents.value
seen.definition = ask('textDocument/definition', { textDocument = document, position = position })[1].uri
local actions = ask('textDocument/codeAction', {
  textDocument = document,
  range = { start = position, ['end'] = position },
  context = { diagnostics = {} },
})
seen.titles = {}
for _, action in ipairs(actions) do
  table.insert(seen.titles, action.title)
end
vim.lsp.util.apply_workspace_edit(actions[1].edit, vim.lsp.get_client_by_id(client).offset_encoding)
wait('no diagnostic', function() return #vim.diagnostic.get(buffer) == 0 end)
seen.text = table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), '\n')
vim.cmd('write')
vim.fn.writefile({ vim.fn.json_encode(seen) }, vim.env.SEEN)
vim.lsp.stop_client(client)
vim.cmd('quitall!')
