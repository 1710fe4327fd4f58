// What to do about a fault of a file, where the server's own sentence speaks of the command line: the same in the words of
// the page. Loaded with the workspace that shows faults.
import type { Lang } from '../lib/units'

const CURES: Record<string, { zh: string; en: string }> = {
  layer_choose: { zh: '在“更多选项”的“图层或工作表”里写上要导入的那一个', en: 'Write the one to import into “Layer or sheet” under “More options”' },
  no_headings: { zh: '在“更多选项”的“表头所在行”里写上行号', en: 'Write its number into “Row of the headings” under “More options”' },
  crs_missing: { zh: '在上面的“坐标系”里选一种：拿不准时，国家或自然资源部门的数据多是 CGCS2000，手机地图的多是 GCJ-02', en: 'Choose one under “Datum” above: official data is mostly CGCS2000, that of phone maps mostly GCJ-02' },
  crs_unknown: { zh: '在上面的“坐标系”里选一种', en: 'Choose one under “Datum” above' },
  crs_differs: { zh: '如果选错了，把上面的“坐标系”改回“按文件所写”再试运行', en: 'If that was a slip, set “Datum” above back to “as the file says” and check again' },
  column_missing: { zh: '在“列对应”里为它选一列', en: 'Choose a heading for it under “Columns”' },
  column_ambiguous: { zh: '在“列对应”里为它选定一列', en: 'Settle on one heading for it under “Columns”' },
  date_order: { zh: '请把这一列改写成 2026-03-01 这样的日期再导入', en: 'Write the dates of this column as 2026-03-01 and upload the file again' },
  code_length: { zh: '请核对，前面的 0 可能丢了；如果是别处的代码，不导入这一列，并填写“所属区域代码”，由系统编号', en: 'Check for lost zeros. Codes of another scheme: leave the column out and fill in “Code of the area”, then codes are issued' },
  code_outside: { zh: '请核对，或改填“所属区域代码”', en: 'Check the value, or change “Code of the area”' },
  duplicate_key: { zh: '两行说的是同一个编号：请在文件里改正其中一行', en: 'Two rows have the same key: correct one of them in the file' },
  not_in_fixed_list: { zh: '请在文件里改成代码表里的说法', en: 'Write it in the file as the list has it' },
  not_in_list: { zh: '请在文件里改成代码表里的说法，或在“更多选项”里勾选“代码表没有的值加进去”', en: 'Write it in the file as the list has it, or tick “Add values that a list does not have” under “More options”' },
  longitude: { zh: '请核对；坐标若是米，说明是投影坐标，请先转成经纬度', en: 'Check it; numbers in metres are projected coordinates: turn them into longitude and latitude first' },
  invalid_polygon: { zh: '在原图中改正，或在“更多选项”里勾选“修复不合规的面”', en: 'Correct it in the original, or tick “Repair invalid polygons” under “More options”' },
  serials_full: { zh: '改填别的“所属区域代码”', en: 'Give another “Code of the area”' },
  under_missing: { zh: '为“代码”选一列，或填写“所属区域代码”', en: 'Choose a heading for the code, or fill in “Code of the area”' },
  in_no_area: { zh: '填写“所属区域代码”，或先导入区域（上面“内容”选“区域”）', en: 'Fill in “Code of the area”, or import the areas first (“Content”: areas)' },
  no_cells: { zh: '先导入网格（“内容”选“网格”）；之后导入的网格也会把它们收进去', en: 'Import the cells first (“Content”: cells); cells that come later take them in' },
  no_village: { zh: '先导入村（社区）：上面“内容”选“区域”', en: 'Import the villages first (“Content”: areas)' },
  in_no_village: { zh: '先导入村（社区）的边界（“内容”选“区域”），或在“所属区域代码”里填一个村（社区）的代码', en: 'Import the outlines of the villages first (“Content”: areas), or give the code of one village as “Code of the area”' },
  cells_overlap: { zh: '在原图中改正边界；若只是画重了的细条，在“更多选项”里勾选“修复不合规的面”', en: 'Correct the border in the original; mere slivers are cut away with “Repair invalid polygons” under “More options”' },
}

/** The cure on the page; null: the server's own sentence will do. */
export function cureOf(code: string, lang: Lang): string | null {
  return CURES[code]?.[lang === 'en' ? 'en' : 'zh'] ?? null
}
