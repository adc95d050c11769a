/*
 * The words, and how a name is put together from them.
 */
#include "drill/decoy/corpus_names.h"

#include <stdio.h>

#include "base/auto.h"

#define BIT(kind) (1U << (kind))
#define PICTURES (BIT(DECOY_BMP) | BIT(DECOY_PNG) | BIT(DECOY_JPG))

const struct name_department name_departments[] = {
	{ NAME_ZH, "财务部",
		{ "预算管理", "费用报销", "应收应付", "固定资产", "税务资料", "成本核算",
			"资金计划", "财务报表" },
		0 },
	{ NAME_EN, "Finance",
		{ "Budget", "Accounts payable", "Accounts receivable", "Fixed assets",
			"Cost control", "Cash planning", "Month end", "Audit files" },
		0 },
	{ NAME_ZH, "生产部",
		{ "排产计划", "工艺卡片", "班组记录", "产量统计", "设备点检", "能耗数据", "交接班",
			"现场照片" },
		PICTURES | BIT(DECOY_DATABASE) },
	{ NAME_EN, "Engineering",
		{ "Drawings", "Bill of materials", "Test reports", "Change requests", "Tooling",
			"Specifications", "Field photos", "Calculations" },
		PICTURES | BIT(DECOY_CAD) },
	{ NAME_ZH, "技术中心",
		{ "图纸资料", "研发项目", "试验数据", "技术协议", "标准规范", "设计变更",
			"样机测试", "专利资料" },
		PICTURES | BIT(DECOY_CAD) | BIT(DECOY_WAV) },
	{ NAME_EN, "Operations",
		{ "Shift logs", "Maintenance", "Energy data", "Line balance", "Downtime",
			"Work instructions", "Spare parts", "Safety rounds" },
		PICTURES | BIT(DECOY_DATABASE) },
	{ NAME_ZH, "质量部",
		{ "检验记录", "不合格品", "体系文件", "客户投诉", "计量器具", "供方评价",
			"过程审核", "质量月报" },
		PICTURES },
	{ NAME_EN, "Quality",
		{ "Inspection", "Nonconformities", "Procedures", "Complaints", "Calibration",
			"Supplier ratings", "Audits", "Monthly reviews" },
		PICTURES },
	{ NAME_ZH, "人力资源部",
		{ "考勤汇总", "培训资料", "岗位说明", "绩效考核", "招聘计划", "制度汇编",
			"薪酬测算", "会议录音" },
		BIT(DECOY_WAV) },
	{ NAME_EN, "Human resources",
		{ "Attendance", "Training", "Job descriptions", "Reviews", "Hiring plan",
			"Policies", "Onboarding", "Interviews" },
		BIT(DECOY_WAV) },
	{ NAME_ZH, "采购部",
		{ "采购合同", "供应商资料", "询价比价", "到货验收", "付款申请", "招标文件",
			"价格台账", "年度框架" },
		0 },
	{ NAME_EN, "Purchasing",
		{ "Contracts", "Suppliers", "Quotations", "Goods receipt", "Payment requests",
			"Tenders", "Price lists", "Frame orders" },
		0 },
	{ NAME_ZH, "信息中心",
		{ "系统备份", "运行日志", "数据库导出", "网络拓扑", "账号台账", "应急预案",
			"资产清单", "接口文档" },
		BIT(DECOY_DATABASE) },
	{ NAME_EN, "IT",
		{ "Backups", "Logs", "Database exports", "Network", "Inventory", "Runbooks",
			"Interfaces", "Change log" },
		BIT(DECOY_DATABASE) },
	{ NAME_ZH, "销售部",
		{ "销售合同", "客户资料", "报价单", "订单跟踪", "回款计划", "市场分析", "展会资料",
			"销售周报" },
		PICTURES },
	{ NAME_EN, "Sales",
		{ "Orders", "Customers", "Quotes", "Forecast", "Collections", "Market notes",
			"Trade fairs", "Weekly reports" },
		PICTURES },
};
const size_t n_name_departments = COUNT_OF(name_departments);

enum { PROJECTS = 12, TITLES = 6, TAILS = 8 };

static const char *const projects[2][PROJECTS] = {
	{ "二号线改造", "冷却水系统", "仓库扩建", "除尘升级", "数字化车间", "备件国产化",
		"节能技改", "包装线", "质检实验室", "空压站", "锅炉大修", "配电室" },
	{ "Line 2 refit", "Cooling water", "Warehouse extension", "Dust control",
		"Digital shop floor", "Spare parts", "Energy saving", "Packing line",
		"Test laboratory", "Compressor station", "Boiler overhaul", "Switch room" },
};

static const char *const titles_zh[DECOY_KINDS][TITLES] = {
	[DECOY_TXT] = { "说明", "工作备忘", "操作步骤", "会议要点", "待办事项", "交接说明" },
	[DECOY_CSV] = { "明细导出", "采集数据", "出入库流水", "工时记录", "点检数据", "对账明细" },
	[DECOY_SQL] = { "库表导出", "基础数据", "订单备份", "物料主数据", "日结脚本",
		"权限初始化" },
	[DECOY_LOG] = { "运行日志", "接口日志", "采集日志", "任务日志", "报警记录", "同步日志" },
	[DECOY_BMP] = { "扫描件", "截图", "铭牌照片", "盖章页", "曲线图", "布局图" },
	[DECOY_WAV] = { "会议录音", "设备异响", "访谈录音", "电机噪声", "培训录音", "广播提示音" },
	[DECOY_DOCX] = { "会议纪要", "实施方案", "工作总结", "管理制度", "验收报告", "情况说明" },
	[DECOY_XLSX] = { "预算表", "台账", "统计表", "排产计划", "物料清单", "考核表" },
	[DECOY_PDF] = { "审批件", "检验报告", "技术规格书", "合同扫描", "产品样本", "通知" },
	[DECOY_PNG] = { "流程图", "拓扑图", "界面截图", "趋势图", "标识", "示意图" },
	[DECOY_JPG] = { "现场照片", "设备照片", "活动照片", "缺陷照片", "证书扫描", "产品图" },
	[DECOY_ZIP] = { "资料打包", "图纸包", "历史归档", "投标文件", "日志打包", "附件" },
	[DECOY_CAD] = { "总装图", "零件图", "平面布置", "管路图", "电气原理图", "基础图" },
	[DECOY_IMAGE] = { "系统盘", "数据盘", "测试机", "应用服务器", "历史库", "模板机" },
	[DECOY_DATABASE] = { "业务库", "采集库", "历史数据", "台账库", "报表库", "配置库" },
};

static const char *const titles_en[DECOY_KINDS][TITLES] = {
	[DECOY_TXT] = { "Notes", "Read first", "Steps", "Open points", "Handover", "Memo" },
	[DECOY_CSV] = { "Export", "Readings", "Stock moves", "Hours", "Ledger", "Checklist data" },
	[DECOY_SQL] = { "dump", "orders_backup", "masterdata", "schema_export", "daily_close",
		"rights_init" },
	[DECOY_LOG] = { "application", "interface", "collector", "jobs", "alarms", "sync" },
	[DECOY_BMP] = { "Scan", "Screen", "Nameplate", "Stamped page", "Curve", "Layout" },
	[DECOY_WAV] = { "Meeting audio", "Bearing noise", "Interview", "Motor noise",
		"Training audio", "Announcement" },
	[DECOY_DOCX] = { "Minutes", "Proposal", "Summary", "Procedure", "Acceptance report",
		"Statement" },
	[DECOY_XLSX] = { "Budget", "Register", "Statistics", "Schedule", "Parts list",
		"Scorecard" },
	[DECOY_PDF] = { "Approval", "Inspection report", "Data sheet", "Signed contract",
		"Catalogue", "Notice" },
	[DECOY_PNG] = { "Flow chart", "Topology", "Screenshot", "Trend", "Label", "Sketch" },
	[DECOY_JPG] = { "Site photo", "Machine photo", "Event photo", "Defect photo",
		"Certificate scan", "Product picture" },
	[DECOY_ZIP] = { "Package", "Drawings", "Archive", "Tender files", "Log bundle",
		"Attachments" },
	[DECOY_CAD] = { "Assembly", "Part", "Floor plan", "Piping", "Wiring", "Foundation" },
	[DECOY_IMAGE] = { "system disk", "data disk", "test host", "app server", "history",
		"template" },
	[DECOY_DATABASE] = { "business", "collector", "history", "register", "reports",
		"settings" },
};

static const char *const tails[2][TAILS] = {
	{ "", "", "_初稿", "_修订稿", "_终稿", "_V2", "_V3", "_报批" },
	{ "", "", "_draft", "_rev B", "_final", "_v2", "_v3", "_signed" },
};

static unsigned roll(struct dice *d, unsigned bound)
{
	return (unsigned)dice_below(d, bound);
}

void name_folder(const struct name_department *in, enum name_level level, struct dice *d,
	char out[NAME_BYTES_MAX])
{
	bool zh = in->language == NAME_ZH;
	unsigned year = 2019 + roll(d, 8);
	switch (level) {
	case NAME_LEVEL_SUBJECT:
		(void)snprintf(out, NAME_BYTES_MAX, "%s", in->subjects[roll(d, NAME_SUBJECTS)]);
		break;
	case NAME_LEVEL_YEAR:
		(void)snprintf(out, NAME_BYTES_MAX, zh ? "%u年度" : "%u", year);
		break;
	case NAME_LEVEL_PROJECT:
		(void)snprintf(
			out, NAME_BYTES_MAX, "%s", projects[in->language][roll(d, PROJECTS)]);
		break;
	case NAME_LEVEL_PERIOD:
		if (roll(d, 2) == 0)
			(void)snprintf(
				out, NAME_BYTES_MAX, zh ? "%02u月" : "Month %02u", 1 + roll(d, 12));
		else
			(void)snprintf(
				out, NAME_BYTES_MAX, zh ? "第%u季度" : "Q%u", 1 + roll(d, 4));
		break;
	}
}

void name_file(const struct name_department *in, enum decoy_kind kind, const char *extension,
	struct dice *d, char out[NAME_BYTES_MAX])
{
	bool zh = in->language == NAME_ZH;
	const char *title = (zh ? titles_zh : titles_en)[kind][roll(d, TITLES)];
	const char *tail = tails[in->language][roll(d, TAILS)];
	const char *project = projects[in->language][roll(d, PROJECTS)];
	unsigned year = 2019 + roll(d, 8);
	unsigned month = 1 + roll(d, 12);
	switch (roll(d, 4)) {
	case 0:
		(void)snprintf(
			out, NAME_BYTES_MAX, "%s_%u%02u%s.%s", title, year, month, tail, extension);
		break;
	case 1:
		(void)snprintf(out, NAME_BYTES_MAX, "%s%s%s%s.%s", project, zh ? "" : " ", title,
			tail, extension);
		break;
	case 2:
		(void)snprintf(out, NAME_BYTES_MAX, zh ? "%u年%u月%s%s.%s" : "%u-%02u %s%s.%s",
			year, month, title, tail, extension);
		break;
	default:
		(void)snprintf(out, NAME_BYTES_MAX, "%s-%03u%s.%s", title, 1 + roll(d, 999), tail,
			extension);
		break;
	}
}
