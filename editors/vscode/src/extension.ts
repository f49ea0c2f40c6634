// A thin client: it starts the server of the project's environment, and says how that goes.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import * as vscode from 'vscode';
import { LanguageClient, LanguageClientOptions, State } from 'vscode-languageclient/node';

import { Choice, choose } from './environment';

const SECTION = 'redisSsot';

/** What is used of the Python extension. */
interface PythonApi {
  environments: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { path: string };
    resolveEnvironment(environment: { path: string }): Promise<{ executable: { uri?: vscode.Uri } } | undefined>;
    onDidChangeActiveEnvironmentPath: vscode.Event<unknown>;
  };
}

let client: LanguageClient | undefined;
let chosen: Choice = { command: '', from: '' };
let starting: Promise<void> = Promise.resolve();

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const output = vscode.window.createOutputChannel('redis-ssot');
  const status = vscode.languages.createLanguageStatusItem('redisSsot.status', [{ language: 'python' }]);
  status.name = 'redis-ssot';
  const python = await pythonApi();
  const restart = (): Promise<void> => (starting = starting.then(() => start(output, status, python)));
  context.subscriptions.push(
    output,
    status,
    vscode.commands.registerCommand('redisSsot.restart', restart),
    vscode.commands.registerCommand('redisSsot.showReport', () => showReport(output)),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(SECTION)) {
        void restart();
      }
    }),
    { dispose: () => void client?.stop() },
  );
  if (python) {
    context.subscriptions.push(python.environments.onDidChangeActiveEnvironmentPath(() => void restart()));
  }
  await restart();
}

export async function deactivate(): Promise<void> {
  await client?.stop();
}

async function pythonApi(): Promise<PythonApi | undefined> {
  return (await vscode.extensions.getExtension<PythonApi>('ms-python.python')?.activate()) ?? undefined;
}

async function interpreter(python: PythonApi | undefined, folder: vscode.Uri | undefined): Promise<string | undefined> {
  const active = python?.environments.getActiveEnvironmentPath(folder);
  const found = active && (await python?.environments.resolveEnvironment(active));
  return found?.executable.uri?.fsPath;
}

async function start(
  output: vscode.OutputChannel,
  status: vscode.LanguageStatusItem,
  python: PythonApi | undefined,
): Promise<void> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const settings = vscode.workspace.getConfiguration(SECTION, folder);
  const told = (text: string, severity = vscode.LanguageStatusSeverity.Information): void => {
    status.text = `redis-ssot: ${text}`;
    status.severity = severity;
    status.detail = `from ${chosen.from}`; // the path would push the command out of sight
    status.command = { title: 'Restart', command: 'redisSsot.restart' };
  };
  await client?.stop().catch(() => undefined); // one that never started cannot be stopped
  chosen = choose(settings.get('path', ''), await interpreter(python, folder), folder?.fsPath);
  output.appendLine(`starting ${chosen.command}, from ${chosen.from}`);
  told('starting');
  const options: LanguageClientOptions = {
    documentSelector: [
      { scheme: 'file', language: 'python' },
      { scheme: 'file', pattern: '**/*.toml' }, // an entry of the settings goes into what is not saved yet
    ],
    outputChannel: output,
    initializationOptions: {
      config: settings.get('config', ''),
      settings: settings.get('settings', {}),
    },
  };
  const next = new LanguageClient(
    SECTION,
    'redis-ssot',
    { command: chosen.command, args: ['server'], options: { cwd: folder?.fsPath } },
    options,
  );
  client = next;
  next.onDidChangeState(({ newState }) => {
    if (newState === State.Running) {
      told('running');
    } else if (newState === State.Stopped && client === next) {
      told('stopped', vscode.LanguageStatusSeverity.Error);
    }
  });
  try {
    await next.start();
  } catch (error) {
    told('does not start', vscode.LanguageStatusSeverity.Error);
    output.appendLine(String(error));
    const said =
      `redis-ssot does not start (${chosen.command}, from ${chosen.from}). Install flake8-redis-ssot[lsp] there, ` +
      'or name another by the setting redisSsot.path.';
    void vscode.window.showErrorMessage(said, 'Show Output').then((answer) => answer && output.show());
  }
}

/** Shows the HTML report of the first folder beside the editor. */
async function showReport(output: vscode.OutputChannel): Promise<void> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  if (!folder) {
    void vscode.window.showInformationMessage('redis-ssot: open a folder to see its report.');
    return;
  }
  await starting;
  const config = vscode.workspace.getConfiguration(SECTION).get('config', '');
  const command = ['report', '--output-format', 'html', ...(config ? ['--config', config] : [])];
  const told = { location: vscode.ProgressLocation.Notification, title: 'redis-ssot: gathering the report' };
  try {
    const { stdout } = await vscode.window.withProgress(told, () =>
      promisify(execFile)(chosen.command, command, { cwd: folder, maxBuffer: 64 * 1024 * 1024 }),
    );
    const panel = vscode.window.createWebviewPanel('redisSsot.report', 'Redis report', vscode.ViewColumn.Active, {
      enableScripts: true,
    });
    panel.webview.html = stdout;
  } catch (error) {
    const said = (error as { stderr?: string }).stderr || String(error);
    output.appendLine(said);
    void vscode.window.showErrorMessage(`redis-ssot: ${said.trim().split('\n').at(-1)}`);
  }
}
