//! The sentences of every fault, Chinese and English, in one table: what is wrong, then the cure.
//!
//! `{0}`, `{1}`, … stand for the arguments of a `RowFault`, in order; a comment says what they are.

use super::faults::{Lang, Severity};

macro_rules! fault_codes {
    ($($(#[doc = $doc:literal])* $code:ident $name:literal $severity:ident $zh:literal $zh_cure:literal $en:literal $en_cure:literal;)*) => {
        /// Every kind of fault and of note.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum FaultCode { $($(#[doc = $doc])* $code,)* }

        impl FaultCode {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$code,)*];

            /// The name in reports, in `snake_case`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$code => $name,)* }
            }

            /// Whether it keeps a row out.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$code => Severity::$severity,)* }
            }

            pub(super) const fn reason(self, lang: Lang) -> &'static str {
                match (self, lang) { $((Self::$code, Lang::Zh) => $zh, (Self::$code, Lang::En) => $en,)* }
            }

            pub(super) const fn cure(self, lang: Lang) -> &'static str {
                match (self, lang) { $((Self::$code, Lang::Zh) => $zh_cure, (Self::$code, Lang::En) => $en_cure,)* }
            }
        }
    };
}

impl serde::Serialize for FaultCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

fault_codes! {
    // The file as a whole.
    /// The file cannot be read: the machine's message.
    Unreadable "unreadable" Fault "文件无法读取：{0}" "请检查文件是否完整，再重新导入" "the file cannot be read: {0}" "check that the file is whole and try again";
    /// Larger than the limit: the machine's message.
    FileTooLarge "file_too_large" Fault "文件解压后超过上限" "请把文件拆成几份分别导入" "the file is over the size limit once unpacked" "cut the file into parts and import them one by one";
    /// No headings or no features.
    Empty "empty" Fault "文件是空的" "请换一个有内容的文件" "the file is empty" "choose a file with rows in it";
    /// Line, byte offset, what it was taken for.
    Encoding "encoding" Fault "第 {0} 行（第 {1} 字节处）不是 {2} 文字" "请用 UTF-8 编码另存后再导入" "line {0} (at byte {1}) is no {2} text" "save the file as UTF-8 and import it again";
    /// The file's name.
    Format "format" Fault "看不出“{0}”是什么格式" "请导入 GeoJSON、CSV 或 TSV（可用 .gz 压缩）、XLSX、打包成 .zip 的 Shapefile、GeoPackage 或 FlatGeobuf" "the format of “{0}” is not known" "import GeoJSON, CSV or TSV (perhaps packed as .gz), XLSX, a Shapefile packed as .zip, GeoPackage or FlatGeobuf";
    // Extracts of OpenStreetMap.
    /// The file's name.
    NotPbf "not_pbf" Fault "“{0}”不是 OpenStreetMap 的 .osm.pbf 文件" "请下载或导出 .osm.pbf 格式（不是 .osm、.xml 或 .zip）" "“{0}” is no OpenStreetMap file of the format .osm.pbf" "get the extract as .osm.pbf (not .osm, .xml or .zip)";
    /// Bytes up to the last whole block.
    PbfTruncated "pbf_truncated" Fault "文件不完整：第 {0} 字节之后的数据块断了" "请重新下载，并核对文件大小或校验值" "the file is cut off: the block after byte {0} is not whole" "download it again and compare its size or checksum";
    /// Number of the block, what is wrong.
    PbfDamaged "pbf_damaged" Fault "文件已损坏：第 {0} 个数据块：{1}" "请重新下载，并核对校验值" "the file is damaged: block {0}: {1}" "download it again and compare its checksum";
    /// Nothing.
    PbfPacked "pbf_packed" Fault "数据块的压缩方式读不了" "请先转换：osmium cat 原文件 -o 新文件.osm.pbf -f pbf,pbf_compression=zlib" "its blocks are packed in a way that is not read" "convert it: osmium cat OLD -o NEW.osm.pbf -f pbf,pbf_compression=zlib";
    /// The feature.
    PbfFeature "pbf_feature" Fault "文件要求读取程序支持“{0}”" "请换一份普通的现状数据（不是历史数据），如 geofabrik 的 .osm.pbf" "the file asks for “{0}”, which is not read" "take an ordinary extract of the present (not of the history)";
    /// Millions of nodes.
    PbfTooLarge "pbf_too_large" Fault "要画的线上的点超过 {0} 百万个" "请先裁剪到本地区：osmium extract -b 西,南,东,北 原文件 -o 新文件.osm.pbf" "the ways to draw have more than {0} million nodes" "cut it to your area first: osmium extract -b WEST,SOUTH,EAST,NORTH OLD -o NEW.osm.pbf";
    /// Nothing.
    PbfNothing "pbf_nothing" Fault "文件里没有可画的东西" "请换一份含道路、水系、建筑的数据" "nothing in the file can be drawn" "take an extract that has roads, water or buildings";
    /// How many.
    PbfIncomplete "pbf_incomplete" Warning "{0} 个要素有一部分不在文件里，未导入" "这在范围边缘是正常的；如在本地区内缺图，请换范围大一些的数据" "{0} shapes have parts that are not in the file; they were left out" "this is usual at the edge; where your own area lacks some, take a wider extract";
    // Files with layers, sheets or entries.
    /// The file's name.
    OldOffice "old_office" Fault "“{0}”是旧版的 .xls 或加了密码的表格" "请用表格软件另存为没有密码的 .xlsx" "“{0}” is an old .xls or a workbook with a password" "save it as .xlsx without a password";
    /// The file's name.
    BareShapefile "bare_shapefile" Fault "“{0}”只是 Shapefile 的一部分" "请把同名的 .shp、.dbf、.shx、.prj、.cpg 打包成一个 .zip" "“{0}” is only one part of a shapefile" "pack the .shp, .dbf, .shx, .prj and .cpg of its name into one .zip";
    /// The file's name.
    PackedTwice "packed_twice" Fault "“{0}”是又压缩过的" "请先解开 .gz 再导入" "“{0}” is packed once more" "unpack the .gz first";
    /// The entry's name.
    ArchiveName "archive_name" Fault "压缩包里有不正常的文件名“{0}”" "请重新打包，文件名里不要有 ..、盘符或绝对路径" "the archive has an entry with the hostile name “{0}”" "pack it anew, without .., drive letters or absolute paths in names";
    /// How many, at most.
    TooManyEntries "too_many_entries" Fault "文件里有 {0} 项，最多 {1} 项" "请只打包需要的文件" "the file has {0} entries, at most {1} are taken" "pack only what is needed";
    /// The entry's name.
    ArchiveLocked "archive_locked" Fault "压缩包里的“{0}”加了密码" "请去掉密码重新打包" "“{0}” in the archive has a password" "pack it without a password";
    /// What is there.
    NoLayer "no_layer" Fault "文件里没有可导入的图层或表格；有：{0}" "压缩包里要有同名的 .shp 和 .dbf，或者直接导入 .xlsx、.gpkg、.fgb" "the file has no layer or table that can be imported; it has: {0}" "a .zip needs a .shp and a .dbf of the same name; import .xlsx, .gpkg and .fgb as they are";
    /// The layers.
    LayerChoose "layer_choose" Fault "文件里有几个图层：{0}" "用 --layer 指明一个（上传页：图层）" "the file has several layers: {0}" "choose one with --layer (form field: layer)";
    /// What was told, the layers.
    LayerUnknown "layer_unknown" Fault "没有图层或工作表“{0}”；有：{1}" "请从这些名称里选" "there is no layer or sheet “{0}”; there are: {1}" "choose one of these";
    /// What the count is of, the count, what there is.
    Declared "declared" Fault "文件声称有 {1} 个{0}，实际是 {2} 个" "文件不完整或被改过；请重新导出" "the file says it has {1} {0}, there are {2}" "it is cut off or was tampered with; export it again";
    /// What is wrong.
    BrokenRecord "broken_record" Fault "这一行的图形或属性读不出来：{0}" "请在原软件里检查，再重新导出" "the shape or the attributes of the row cannot be read: {0}" "check it in the program it came from and export it again";
    /// How many shapes, how many rows.
    Unpaired "unpaired" Warning "图形有 {0} 个，属性有 {1} 行；多出来的没有读" "请在原软件里核对" "there are {0} shapes and {1} rows of attributes; what has no other half is not read" "check it in the program it came from";
    /// The encoding.
    EncodingGuessed "encoding_guessed" Warning "没有可信的 .cpg，属性按 {0} 读" "请核对文字；不对时在压缩包里放一个写明编码的 .cpg" "there is no .cpg to believe; attributes are read as {0}" "look at the names; if they are wrong put a .cpg with the encoding into the .zip";
    /// The value, the day.
    SerialTaken "date_serial_taken" Warning "“{0}”是表格的日期序号，读作 {1}" "请核对" "“{0}” is a day number of the workbook, read as {1}" "check the day";
    /// The row.
    NoHeadings "no_headings" Fault "第 {0} 行没有表头" "用 --heading-row 指明表头在第几行" "there are no headings in row {0}" "say with --heading-row where they stand";

    /// Where, and the parser's message.
    NotJson "not_json" Fault "不是 JSON：{0}" "请用导出它的程序重新导出" "this is not JSON: {0}" "export it again from the program it came from";
    /// How many, at most.
    TooManyColumns "too_many_columns" Fault "有 {0} 列，最多 {1} 列" "请去掉用不到的列" "there are {0} columns, at most {1} are taken" "leave out columns that are not needed";
    /// The heading.
    DuplicateHeading "duplicate_heading" Fault "有两列同名：“{0}”" "请给其中一列改名" "two columns have the heading “{0}”" "rename one of them";
    /// Cells found, cells wanted.
    Ragged "ragged_row" Fault "这一行有 {0} 格，表头有 {1} 格" "检查这一行的分隔符和引号" "the row has {0} cells, the headings are {1}" "look for a missing delimiter or quote in this row";
    /// Bytes at most.
    RowTooLarge "row_too_large" Fault "一行或一个要素超过 {0} 字节" "请简化图形或拆分" "one row or feature is over {0} bytes" "simplify or split it";
    /// Levels at most.
    TooDeep "too_deep" Fault "JSON 嵌套超过 {0} 层" "请用导出它的程序重新导出" "the JSON is nested over {0} levels deep" "export it again from the program it came from";
    /// Nothing says the datum.
    CrsMissing "crs_missing" Fault "文件没有说明坐标系" "请指明坐标系，例如 --crs EPSG:4326（WGS 84）、--crs EPSG:4490（CGCS2000）、--crs GCJ-02（高德、腾讯）、--crs BD-09（百度）" "the file does not say its datum" "say it: --crs EPSG:4326 (WGS 84), --crs EPSG:4490 (CGCS2000), --crs GCJ-02 (Amap, Tencent) or --crs BD-09 (Baidu)";
    /// What was said, why it is not known.
    CrsUnknown "crs_unknown" Fault "不认识坐标系“{0}”：{1}" "请用 --crs 指明，例如 EPSG:4326、EPSG:4549、GCJ-02、BD-09" "the datum “{0}” is not known: {1}" "say it with --crs, as in EPSG:4326, EPSG:4549, GCJ-02, BD-09";
    /// What the file says, what was given.
    CrsDiffers "crs_differs" Warning "文件说是 {0}，按给定的 {1} 读取" "如果给错了，去掉 --crs 再导入" "the file says {0}; it is read as {1}, as told" "leave --crs out if that is wrong";
    /// The field in Chinese, in English, headings that would do.
    ColumnMissing "column_missing" Fault "找不到“{0}”列" "请指明哪一列是它：--columns {1}=列名（可识别的列名：{2}）" "there is no column for {1}" "say which it is: --columns {1}=HEADING (headings that are recognised: {2})";
    /// The field, the headings.
    ColumnAmbiguous "column_ambiguous" Fault "有几列都像“{0}”：{2}" "请指明一列：--columns {1}=列名" "several columns could be {1}: {2}" "say which it is: --columns {1}=HEADING";
    /// The heading or field, what is there.
    ColumnUnknown "column_unknown" Fault "没有叫“{0}”的列；有：{1}" "请照文件里的写法写列名" "there is no column “{0}”; there are: {1}" "write the heading as it stands in the file";
    /// Field, known fields.
    FieldUnknown "field_unknown" Fault "没有叫“{0}”的字段；有：{1}" "请用其中之一" "there is no field “{0}”; there are: {1}" "use one of these";
    /// Two examples.
    DateOrder "date_order" Fault "这一列分不清月和日，例如 {0}" "请指明次序：--columns 里写 字段=列名:mdy 或 字段=列名:dmy" "day and month cannot be told apart in this column, as in {0}" "say the order in --columns: field=HEADING:mdy or field=HEADING:dmy";

    // GeoJSON.
    /// What it is.
    RootNotObject "root_not_object" Fault "GeoJSON 的最外层应当是对象，这里是{0}" "请用导出它的程序重新导出" "the root of GeoJSON is an object, this is {0}" "export it again from the program it came from";
    /// Where.
    TypeMissing "type_missing" Fault "{0} 缺少 type" "加上 type，例如 Feature" "{0} has no type" "add it, as in “Feature”";
    /// Where.
    TypeNotString "type_not_string" Fault "{0} 的 type 应当是文字" "写成文字，例如 \"Feature\"" "the type of {0} must be a string" "write it as a string, as in \"Feature\"";
    /// What stands there, what was expected.
    TypeUnknown "type_unknown" Fault "不认识类型“{0}”" "应当是 {1}（区分大小写）" "the type “{0}” is not known" "it should be {1}, in exactly these letters";
    /// Nothing.
    FeaturesMissing "features_missing" Fault "FeatureCollection 缺少 features" "请用导出它的程序重新导出" "the FeatureCollection has no features member" "export it again from the program it came from";
    /// Nothing.
    FeaturesNotArray "features_not_array" Fault "features 应当是数组" "把要素放进 [ ] 中" "features must be an array" "put the features into [ ]";
    /// Nothing.
    FeatureNotObject "feature_not_object" Fault "要素应当是对象" "去掉它，或补上要素" "a feature must be an object" "take it out or put a feature there";
    /// The member.
    DuplicateMember "duplicate_member" Fault "成员“{0}”出现两次" "留下一个" "the member “{0}” stands twice" "keep one of them";
    /// The object, the member.
    ForbiddenMember "forbidden_member" Fault "{0} 不能有成员“{1}”" "去掉它，或改正 type" "a {0} cannot have the member “{1}”" "take it out or correct the type";
    /// Nothing.
    IdType "id_type" Fault "要素的 id 应当是文字或数字" "改成文字或数字" "the id of a feature must be a string or a number" "write it as one of these";
    /// Nothing.
    PropertiesType "properties_type" Fault "properties 应当是对象或 null" "改成 { } 或 null" "properties must be an object or null" "write { } or null";
    /// The member.
    MemberMissing "member_missing" Fault "要素缺少“{0}”" "加上它，可以是 null" "the feature has no “{0}” member" "add it; it may be null";
    /// Nothing.
    GeometryType "geometry_type" Fault "图形应当是对象或 null" "改成 GeoJSON 图形" "a geometry must be an object or null" "write a GeoJSON geometry";
    /// The type.
    CoordinatesMissing "coordinates_missing" Fault "{0} 缺少坐标数组" "补上 coordinates" "the {0} has no array of coordinates" "add the coordinates member";
    /// Where.
    PositionNotArray "position_not_array" Fault "{0} 处应当是数组" "检查坐标的方括号层数" "at {0} an array should stand" "check how deep the coordinates are nested";
    /// Where.
    PositionNumber "position_number" Fault "{0} 处的坐标不是数字" "去掉引号或改成数字" "at {0} a coordinate is not a number" "take the quotes off or write a number";
    /// Where.
    PositionShort "position_short" Fault "{0} 处的坐标不足两个数" "补上经度和纬度" "at {0} the position has fewer than two numbers" "give longitude and latitude";
    /// How many positions.
    PositionLong "position_long" Warning "有 {0} 个坐标多于三个数，多余的不读" "可以不理会" "{0} positions have more than three numbers; the rest is not read" "nothing needs to be done";
    /// Where.
    LineShort "line_short" Fault "{0} 处的线少于两个点" "补上点或去掉这条线" "at {0} the line has fewer than two positions" "add positions or take the line out";
    /// Where.
    RingShort "ring_short" Fault "{0} 处的环少于四个点" "面的每个环至少四个点，首尾相同" "at {0} the ring has fewer than four positions" "a ring has four positions or more, the first and last the same";
    /// Where.
    RingOpen "ring_open" Fault "{0} 处的环没有闭合" "让最后一点等于第一点" "at {0} the ring is not closed" "make the last position equal to the first";
    /// Nothing.
    Winding "winding" Warning "环的方向与右手规则相反，已改正" "可以不理会" "rings run against the right-hand rule; they are turned" "nothing needs to be done";
    /// Nothing.
    CollectionMembers "collection_members" Fault "GeometryCollection 的 geometries 应当是图形数组" "改正 geometries" "the geometries of a GeometryCollection must be an array of geometries" "correct the geometries member";
    /// Nothing.
    CollectionNested "collection_nested" Fault "GeometryCollection 里不应再有 GeometryCollection" "把里层的图形提出来" "a GeometryCollection should not hold another" "lift the inner geometries out";
    /// Nothing.
    CollectionSingle "collection_single" Fault "GeometryCollection 里只有一个图形" "直接写这个图形" "the GeometryCollection holds a single geometry" "write that geometry alone";
    /// Nothing.
    BboxArray "bbox_array" Fault "bbox 应当是数组" "改成四个或六个数，或去掉 bbox" "bbox must be an array" "write four or six numbers, or leave bbox out";
    /// Nothing.
    BboxNumber "bbox_number" Fault "bbox 里应当全是数字" "去掉引号或改成数字" "every element of bbox must be a number" "take the quotes off or write a number";
    /// How many.
    BboxLength "bbox_length" Fault "bbox 有 {0} 个数，应当是四个或六个" "改正或去掉 bbox" "bbox has {0} numbers; it has four, or six with heights" "correct bbox or leave it out";
    /// How many, at most.
    TooManyCorners "too_many_corners" Fault "图形有 {0} 个点，最多 {1} 个" "请简化或拆分图形" "the geometry has {0} positions, at most {1} are taken" "simplify or split it";

    // Values.
    /// The field in Chinese, in English.
    Missing "missing" Fault "“{0}”是空的" "请填写" "{1} is empty" "fill it in";
    /// The value.
    Number "number" Fault "“{0}”不是数字" "改成数字" "“{0}” is no number" "write a number";
    /// The value.
    NotWhole "not_whole" Fault "“{0}”不是整数" "改成整数" "“{0}” is no whole number" "write a whole number";
    /// The value, least, most.
    OutOfRange "out_of_range" Fault "“{0}”超出范围，应当在 {1} 到 {2} 之间" "请核对" "“{0}” is out of range: {1} to {2}" "check the value";
    /// The value.
    CodeDigits "code_digits" Fault "“{0}”不是代码：代码只有数字" "请核对" "“{0}” is no code: a code has digits only" "check the value";
    /// The value.
    CodeScientific "code_scientific" Fault "“{0}”是表格软件写成的科学计数，后几位已经丢失" "在原表中把这一列设为“文本”后重新导出" "“{0}” was written by an office program and its last digits are lost" "format the column as text in the original table and export it again";
    /// The value, how many digits.
    CodeLength "code_length" Fault "“{0}”有 {1} 位；区域代码 2、4、6、9、12 位，网格代码 15 位" "请核对，前面的 0 可能丢了；别处的代码可用 --under 另行编码" "“{0}” has {1} digits; an area code has 2, 4, 6, 9 or 12, a cell code 15" "check for lost zeros; codes of another scheme can be issued anew with --under";
    /// The value.
    CodeLevel "code_level" Fault "“{0}”不是这里要的那一级代码" "请核对" "“{0}” is a code of another level than is wanted here" "check the value";
    /// The value, the area.
    CodeOutside "code_outside" Fault "“{0}”不在 {1} 之内" "请核对，或换一个 --under" "“{0}” does not lie under {1}" "check the value, or give another --under";
    /// The value, the row it stood in first.
    DuplicateCode "duplicate_code" Fault "代码 {0} 与第 {1} 行重复" "留下一行" "the code {0} stands in row {1} already" "keep one of the rows";
    /// The key, the row it stood in first.
    DuplicateKey "duplicate_key" Fault "键“{0}”与第 {1} 行重复" "换一个能区分各行的 --key" "the key “{0}” stands in row {1} already" "give a --key that tells all rows apart";
    /// The value.
    Date "date" Fault "“{0}”不是日期" "写成 2022-05-01" "“{0}” is no date" "write it as 2022-05-01";
    /// The value.
    DateAmbiguous "date_ambiguous" Fault "“{0}”分不清月和日" "写成 2022-05-01，或指明 mdy / dmy" "in “{0}” day and month cannot be told apart" "write it as 2022-05-01, or say mdy or dmy";
    /// The value, the day it would be.
    DateSerial "date_serial" Fault "“{0}”是表格软件的日期序号（可能是 {1}）" "在原表中把这一列设为“日期”后重新导出" "“{0}” is a day number of an office program ({1} perhaps)" "format the column as a date in the original table and export it again";
    /// The value.
    LocalTime "local_time" Fault "“{0}”这个时刻在当地时间里不存在" "请核对" "“{0}” does not exist in local time" "check the value";
    /// The value.
    Flag "flag" Fault "“{0}”不是“是”或“否”" "写“是”或“否”" "“{0}” is neither yes nor no" "write yes or no";
    /// The value, the list's name, the nearest match, the field.
    NotInFixedList "not_in_fixed_list" Fault "“{0}”不在“{1}”代码表中，这张表不能增加；最接近的是 {2}" "改正它，或在 --map 文件里说明它的含义：values → {3} → “{0}”: “代码”" "“{0}” is not in the list “{1}”, which cannot grow; the nearest is {2}" "correct it, or say in a --map file what it means: values → {3} → “{0}”: “CODE”";
    /// The value, the list's name, the nearest match.
    NotInList "not_in_list" Fault "“{0}”不在“{1}”代码表中；最接近的是 {2}" "改正它，用 --map 对应，或用 --extend 加进代码表" "“{0}” is not in the list “{1}”; the nearest is {2}" "correct it, map it with --map, or add it to the list with --extend";
    /// The value, the list's name.
    Extended "extended" Warning "“{0}”加进“{1}”代码表" "导入后请给它起名" "“{0}” is added to the list “{1}”" "name it after the import";
    /// Characters, at most.
    TooLong "too_long" Fault "文字有 {0} 字，最多 {1} 字" "请缩短" "the text has {0} characters, at most {1} are taken" "shorten it";

    // Places.
    /// Nothing.
    PlaceMissing "place_missing" Fault "没有位置" "补上经纬度或图形" "there is no place" "give longitude and latitude or a geometry";
    /// Nothing.
    NoPlace "no_place" Warning "没有位置，这一行保留但不落图" "补上位置后再次导入即可" "there is no place; the row is kept off the map" "import it again once it has one";
    /// The column that is empty.
    PlaceHalf "place_half" Fault "经度和纬度只有一个" "补上另一个" "only one of longitude and latitude is given" "give the other";
    /// The value.
    Longitude "longitude" Fault "经度 {0} 超出 −180 到 180" "请核对；坐标若是投影的，用 --crs 指明" "the longitude {0} is beyond −180 to 180" "check it; if the coordinates are projected say so with --crs";
    /// The value.
    Latitude "latitude" Fault "纬度 {0} 超出 −90 到 90" "请核对；经纬度可能写反了" "the latitude {0} is beyond −90 to 90" "check it; longitude and latitude may have changed places";
    /// Nothing.
    PlaceZero "place_zero" Fault "位置是 0, 0" "补上真实的位置，或留空" "the place is 0, 0" "give the true place or leave it empty";
    /// The coordinates, the datum.
    PlaceOutside "place_outside" Fault "坐标 {0} 不在 {1} 的范围内" "请核对坐标系和坐标" "the coordinates {0} are outside what {1} covers" "check the datum and the coordinates";
    /// The parser's message.
    Wkt "wkt" Fault "不是 WKT：{0}" "请核对" "this is no WKT: {0}" "check the value";
    /// What it is, what is wanted.
    GeometryKind "geometry_kind" Fault "图形是 {0}，这里要 {1}" "请换成 {1}" "the geometry is a {0}; a {1} is wanted here" "give a {1}";
    /// Nothing.
    InnerPoint "inner_point" Warning "由面取内点作为位置" "可以不理会" "a point inside the polygon is taken as the place" "nothing needs to be done";
    /// Why.
    Invalid "invalid_polygon" Fault "面不合规：{0}" "在原图中改正，或用 --repair 修复" "the polygon is invalid: {0}" "correct it in the original, or repair it with --repair";
    /// Why, area before and after in m².
    Repaired "repaired" Warning "面不合规（{0}），已修复：面积由 {1} 变为 {2} 平方米" "请在图上核对" "the polygon was invalid ({0}) and is repaired: its area went from {1} to {2} m²" "check it on the map";
    /// Why.
    NotRepaired "not_repaired" Fault "面无法修复：{0}" "在原图中改正" "the polygon cannot be repaired: {0}" "correct it in the original";

    // Trees and serials.
    /// The parent's code.
    SerialsFull "serials_full" Fault "{0} 之下的编号已用完" "换一个 --under" "there is no code left under {0}" "give another --under";
    /// Nothing.
    UnderMissing "under_missing" Fault "没有代码，也没有说明归属" "加上代码列，或用 --under 指明上级区域" "there is no code and nothing says where it belongs" "add a column of codes, or say the area with --under";
    /// The area, what it should be.
    UnderLevel "under_level" Fault "{0} 之下不能直接编这一级的代码" "请给 {1} 的代码" "codes of this level cannot be issued right under {0}" "give the code of a {1}";

    // What only the database can tell.
    /// The area it is put under.
    InNoCell "in_no_cell" Warning "位置不在任何网格内，归到 {0}" "请核对位置，或补画网格" "the place lies in no cell; the row is put under {0}" "check the place, or draw the missing cell";
    /// Nothing.
    InNoArea "in_no_area" Fault "位置不在任何已有区域内" "用 --under 指明归到哪个区域，或先导入区域：maplebridge import areas 文件" "the place lies in no stored area" "say with --under where such rows belong, or import the areas first: maplebridge import areas FILE";
    /// Nothing.
    NoCells "no_cells" Warning "还没有任何网格，各行归到所在的区域" "先导入网格：maplebridge import cells 文件；之后导入的网格也会把它们收进去" "no cells are stored yet; rows are put under their area" "import the cells first: maplebridge import cells FILE; cells that come later take addresses and facilities in";
    /// The village's code.
    NoVillage "no_village" Fault "网格所属的村（社区）{0} 还没有导入" "先导入区域：maplebridge import areas 文件 --under 县或乡镇代码" "the village {0} of the cell is not stored" "import the areas first: maplebridge import areas FILE --under CODE of county or township";
    /// Nothing.
    InNoVillage "in_no_village" Fault "网格没有代码，也不在任何已有的村（社区）内" "先导入村（社区）的边界：maplebridge import areas 文件；或用 --under 指明一个村（社区）" "the cell has no code and lies in no stored village" "import the outlines of the villages first: maplebridge import areas FILE; or name one village with --under";
    /// The other cell, the common area in m².
    Overlap "cells_overlap" Fault "与 {0} 重叠 {1} 平方米" "在原图中改正边界；若只是画重了的细条，用 --repair 切掉" "it overlaps {0} by {1} m²" "correct the border in the original; a mere sliver is cut away with --repair";
    /// The other cell, the area cut away in m².
    CutBack "cut_back" Warning "与 {0} 重叠的 {1} 平方米已切掉" "请在图上核对" "its overlap of {1} m² with {0} is cut away" "check it on the map";
    /// The area's code and name.
    AreaMade "area_made" Warning "一并建立了区域 {0}“{1}”" "如果名称不对，请改名" "the area {0} “{1}” is made along" "rename it if that is not its name";
    /// The area in m².
    Gap "cells_gap" Warning "网格之间有 {0} 平方米没有覆盖" "请在图上核对" "{0} m² between the cells are not covered" "check it on the map";
    /// The cell's code.
    Retired "code_retired" Fault "网格代码 {0} 已停用，停用的代码不再使用" "换一个代码" "the cell code {0} is retired; a retired code is never used again" "give it another code";
    /// What was found.
    Personal "personal_data" Fault "文字里有 {0}" "删去后再导入；这里不存个人信息" "the text holds a number of a person ({0})" "take it out; nothing personal is stored here";
    /// The day it happened, the day it was found.
    DaysReversed "days_reversed" Fault "发现日期 {1} 早于发生日期 {0}" "请核对两个日期" "it was found on {1}, before it happened on {0}" "check both days";
}
