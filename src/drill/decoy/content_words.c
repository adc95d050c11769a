/*
 * Sentences for prose, reports and remarks, put together from clauses about generic roles and
 * things.
 */
#include "drill/decoy/content.h"

#define V(literal)                                                                                 \
	{                                                                                          \
		literal, sizeof(literal) - 1                                                       \
	}
enum { CLAUSES = 16 };

static const struct view when_zh[CLAUSES] = { V("本季度"), V("上月以来"), V("按照年度计划，"),
	V("截至目前，"), V("经现场复核，"), V("根据例会安排，"), V("本周内"), V("检修期间"),
	V("试运行阶段"), V("月度盘点时"), V("为保证交付，"), V("在夜班期间"), V("结合上次检查，"),
	V("投产之前"), V("按工艺要求，"), V("年初至今") };
static const struct view who_zh[CLAUSES] = { V("生产班组"), V("财务专员"), V("质量工程师"),
	V("设备主管"), V("仓储管理员"), V("项目组"), V("采购专员"), V("安全员"), V("信息管理员"),
	V("工艺组"), V("计划员"), V("检验组"), V("维修班"), V("技术负责人"), V("综合办公室"),
	V("外协单位") };
static const struct view did_zh[CLAUSES] = { V("完成了"), V("提交了"), V("复核了"), V("更新了"),
	V("汇总了"), V("检查了"), V("调整了"), V("确认了"), V("整理了"), V("重新核算了"),
	V("组织评审了"), V("归档了"), V("补充了"), V("下发了"), V("对照检查了"), V("登记了") };
static const struct view what_zh[CLAUSES] = { V("设备点检表"), V("预算执行情况"), V("原料入库单"),
	V("产线改造方案"), V("能耗统计数据"), V("备件领用记录"), V("检验报告"), V("交接班记录"),
	V("应急预案修订稿"), V("合同付款节点"), V("工装更换计划"), V("培训签到情况"),
	V("网络设备台账"), V("不合格品处置单"), V("成本分析表"), V("试验记录") };
static const struct view so_zh[CLAUSES] = { V("，结果符合要求。"), V("，未发现异常。"),
	V("，差异已书面说明。"), V("，待部门负责人签字。"), V("，下周继续跟踪。"),
	V("，相关数据另附表格。"), V("，按流程报备。"), V("，问题已闭环。"),
	V("，现场已恢复正常。"), V("，需要进一步验证。"), V("，并抄送相关部门。"),
	V("，费用在预算之内。"), V("，进度基本正常。"), V("，存在两处偏差。"),
	V("，建议列入下期计划。"), V("，资料已同步更新。") };

static const struct view when_en[CLAUSES] = { V("This quarter "), V("During the shutdown "),
	V("As agreed in the meeting, "), V("So far "), V("After the site walk "), V("Last month "),
	V("Before start-up "), V("On the night shift "), V("In the second trial "), V("By plan, "),
	V("At the stock count "), V("For the handover "), V("Following the audit, "),
	V("To keep the date, "), V("Within the week "), V("In the current period ") };
static const struct view who_en[CLAUSES] = { V("the shift team "), V("the cost controller "),
	V("the quality engineer "), V("the maintenance lead "), V("the storekeeper "),
	V("the project team "), V("the buyer "), V("the safety officer "),
	V("the system administrator "), V("process engineering "), V("the planner "),
	V("the inspection group "), V("the workshop "), V("the design office "),
	V("the front office "), V("the contractor ") };
static const struct view did_en[CLAUSES] = { V("completed "), V("handed in "), V("checked "),
	V("updated "), V("summed up "), V("inspected "), V("adjusted "), V("confirmed "),
	V("sorted "), V("recalculated "), V("reviewed "), V("filed "), V("amended "), V("issued "),
	V("compared "), V("registered ") };
static const struct view what_en[CLAUSES] = { V("the equipment checklist"),
	V("the budget follow-up"), V("the goods receipt"), V("the refit proposal"),
	V("the energy figures"), V("the spare part withdrawals"), V("the inspection report"),
	V("the shift handover"), V("the emergency procedure"), V("the payment schedule"),
	V("the tooling plan"), V("the training list"), V("the network inventory"),
	V("the nonconformity record"), V("the cost sheet"), V("the test protocol") };
static const struct view so_en[CLAUSES] = { V("; the result meets the requirement. "),
	V(" and found nothing unusual. "), V("; the difference is explained in writing. "),
	V("; a signature is still open. "), V(" and follows up next week. "),
	V("; details are in the table. "), V(" as the procedure asks. "),
	V("; the point is closed. "), V(" and operation is back to normal. "),
	V("; one more check is needed. "), V(" and informed the departments. "),
	V("; the cost is within budget. "), V("; progress is on track. "),
	V(" with two deviations. "), V("; it moves to the next period. "),
	V(" and the files are up to date. ") };

char *put_sentence_zh(char *at, struct dice *d)
{
	uint64_t bits = dice_u64(d);
	at = put_view(at, when_zh[bits & 15]);
	at = put_view(at, who_zh[bits >> 4 & 15]);
	at = put_view(at, did_zh[bits >> 8 & 15]);
	if ((bits >> 24 & 3) == 0) {
		at = put_digits(at, (unsigned)(bits >> 28) % 900 + 100, 3);
		at = put_view(at, (struct view)V("份"));
	}
	at = put_view(at, what_zh[bits >> 12 & 15]);
	return put_view(at, so_zh[bits >> 16 & 15]);
}

char *put_sentence_en(char *at, struct dice *d)
{
	uint64_t bits = dice_u64(d);
	at = put_view(at, when_en[bits & 15]);
	at = put_view(at, who_en[bits >> 4 & 15]);
	at = put_view(at, did_en[bits >> 8 & 15]);
	at = put_view(at, what_en[bits >> 12 & 15]);
	if ((bits >> 24 & 3) == 0) {
		at = put_view(at, (struct view)V(" no. "));
		at = put_digits(at, (unsigned)(bits >> 28) % 900 + 100, 3);
	}
	return put_view(at, so_en[bits >> 16 & 15]);
}

char *put_date(char *at, struct dice *d)
{
	uint64_t bits = dice_u64(d);
	at = put_digits(at, 2019 + take_bits(&bits, 8), 4);
	*at++ = '-';
	at = put_digits(at, 1 + take_bits(&bits, 12), 2);
	*at++ = '-';
	return put_digits(at, 1 + take_bits(&bits, 28), 2);
}
