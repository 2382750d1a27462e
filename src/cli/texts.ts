// What people read, in English and Chinese, from one typed list of keys: a missing one does not compile. Codes, flags,
// JSON keys and log events are the same in every language. `{name}` is replaced by the value given for it.

export interface Texts {
  readonly summary: string
  readonly groupRun: string
  readonly groupPods: string
  readonly groupDiagnose: string
  readonly usage: string
  readonly examples: string
  readonly commands: string
  readonly options: string
  readonly arguments: string
  readonly globalOptions: string
  readonly topics: string
  readonly moreHelp: string
  readonly center: string
  readonly pod: string
  readonly podCreate: string
  readonly podList: string
  readonly podShow: string
  readonly podDelete: string
  readonly podQuota: string
  readonly podQuotaSet: string
  readonly podQuotaShow: string
  readonly config: string
  readonly configShow: string
  readonly versionCommand: string
  readonly completion: string
  readonly helpCommand: string
  readonly optionColour: string
  readonly optionConfig: string
  readonly optionHelp: string
  readonly optionVersion: string
  readonly optionJson: string
  readonly optionWide: string
  readonly optionNoHeader: string
  readonly optionYes: string
  readonly optionDryRun: string
  readonly optionWebId: string
  readonly optionReuseName: string
  readonly optionBytes: string
  readonly optionResources: string
  readonly optionOrigin: string
  readonly argumentName: string
  readonly argumentShell: string
  readonly standard: string
  readonly running: string
  readonly runningData: string
  readonly runningAdmin: string
  readonly runningNext: string
  readonly nextFirstPod: string
  readonly stopping: string
  readonly podMade: string
  readonly podWebId: string
  readonly podNext: string
  readonly podNextOwn: string
  readonly podNextForeign: string
  readonly noPods: string
  readonly willDelete: string
  readonly typeName: string
  readonly deleted: string
  readonly nothingDone: string
  readonly cause: string
  readonly tryThis: string
  readonly didYouMean: string
  readonly columnName: string
  readonly columnBase: string
  readonly columnOwner: string
  readonly columnUsed: string
  readonly columnQuota: string
  readonly columnResources: string
  readonly columnState: string
  readonly columnCreated: string
  readonly columnSetting: string
  readonly columnValue: string
  readonly columnOrigin: string
  readonly failed: string
}

export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole))
}
